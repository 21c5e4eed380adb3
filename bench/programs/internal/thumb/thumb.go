// Package thumb makes thumbnails. Programs that do it are in the directories around it.
package thumb

import (
	"bytes"
	"context"
	"image"
	"image/color"
	_ "image/gif" // registers the format
	_ "image/jpeg"
	"image/png"
	"os"
	"path/filepath"
)

// size is the most that a thumbnail is wide and high.
const size = 64

// Scale makes a thumbnail, a PNG, of an image in any common format. It ends early when
// ctx does.
func Scale(ctx context.Context, data []byte) ([]byte, error) {
	in, _, err := image.Decode(bytes.NewReader(data))
	if err != nil {
		return nil, err
	}
	from := in.Bounds()
	longer := max(from.Dx(), from.Dy(), 1)
	out := image.NewRGBA64(image.Rect(0, 0, max(1, from.Dx()*size/longer), max(1, from.Dy()*size/longer)))
	for y := range out.Rect.Dy() {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		for x := range out.Rect.Dx() {
			out.Set(x, y, average(in, part(from.Min.X, from.Dx(), x, out.Rect.Dx()), part(from.Min.Y, from.Dy(), y, out.Rect.Dy())))
		}
	}
	var buf bytes.Buffer
	err = png.Encode(&buf, out)
	return buf.Bytes(), err
}

// File makes a thumbnail of the file from in the file to, which is there in whole or
// not at all.
func File(ctx context.Context, from, to string) error {
	data, err := os.ReadFile(from)
	if err != nil {
		return err
	}
	out, err := Scale(ctx, data)
	if err != nil {
		return err
	}
	part, err := os.CreateTemp(filepath.Dir(to), ".part-*")
	if err != nil {
		return err
	}
	defer func() { _ = os.Remove(part.Name()) }() // it has gone if all went well
	_, err = part.Write(out)
	if closed := part.Close(); err == nil {
		err = closed
	}
	if err != nil {
		return err
	}
	return os.Rename(part.Name(), to)
}

// A span is the pixels from to to, without to.
type span struct{ from, to int }

// part returns the i-th of n equal parts of length pixels, at least one pixel.
func part(start, length, i, n int) span {
	from, to := i*length/n, (i+1)*length/n
	return span{start + from, start + max(to, from+1)}
}

func average(in image.Image, xs, ys span) color.Color {
	var r, g, b, a, n uint64
	for y := ys.from; y < ys.to; y++ {
		for x := xs.from; x < xs.to; x++ {
			pr, pg, pb, pa := in.At(x, y).RGBA()
			r, g, b, a, n = r+uint64(pr), g+uint64(pg), b+uint64(pb), a+uint64(pa), n+1
		}
	}
	return color.RGBA64{R: uint16(r / n), G: uint16(g / n), B: uint16(b / n), A: uint16(a / n)}
}
