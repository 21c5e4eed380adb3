// What is wrong with how the page looks: text and edges without contrast, what does not
// fit into the window, what is too small to be hit. An array of texts.
(() => {
	const found = [];
	const colour = (text) => {
		const n = text.match(/[\d.]+/g).map(Number);
		return text.startsWith("color(") ? [...n.slice(0, 3).map((x) => 255 * x), n[3] ?? 1] : [n[0], n[1], n[2], n[3] ?? 1];
	};
	const over = (top, below) => top.slice(0, 3).map((x, i) => x * top[3] + below[i] * (1 - top[3])).concat(1);
	const behind = (node) => {
		const layers = [];
		for (let n = node; n; n = n.parentElement) {
			layers.push(colour(getComputedStyle(n).backgroundColor));
			if (layers.at(-1)[3] === 1) break;
		}
		return layers.reverse().reduce((below, top) => over(top, below), [255, 255, 255, 1]);
	};
	const light = (c) => c.slice(0, 3).map((x) => ((x /= 255) <= 0.04045 ? x / 12.92 : ((x + 0.055) / 1.055) ** 2.4))
		.reduce((sum, x, i) => sum + x * [0.2126, 0.7152, 0.0722][i], 0);
	const contrast = (a, b) => {
		const [low, high] = [light(a), light(b)].sort((x, y) => x - y);
		return (high + 0.05) / (low + 0.05);
	};
	const name = (n) => `${n.tagName.toLowerCase()}${n.id ? "#" + n.id : ""}.${n.getAttribute("class") ?? ""} ${JSON.stringify(n.textContent.trim().slice(0, 30))}`;
	const root = document.querySelector("dialog[open]") ?? document.body;
	let texts = 0;
	for (const n of root.querySelectorAll("*")) {
		if (!n.checkVisibility({ visibilityProperty: true }) || n.closest("noscript, thead.hidden, .skip")) continue;
		const box = n.getBoundingClientRect();
		if (!box.width || !box.height) continue;
		const style = getComputedStyle(n);
		const clipped = style.clipPath !== "none" || n.closest("thead") && getComputedStyle(n.closest("thead")).clipPath !== "none";
		if (clipped) continue;
		const own = [...n.childNodes].some((c) => c.nodeType === Node.TEXT_NODE && c.data.trim());
		if (own && !(n instanceof SVGElement) && n.tagName !== "OPTION") {
			texts++;
			const size = parseFloat(style.fontSize);
			const least = size >= 24 || (size >= 18.66 && style.fontWeight >= 700) ? 3 : 4.5;
			const is = contrast(over(colour(style.color), behind(n)), behind(n));
			if (is < least) found.push(`contrast ${is.toFixed(2)} of ${name(n)}`);
			if (size < 12) found.push(`text of ${size}px in ${name(n)}`);
		}
		if (n.matches("button, input, select")) {
			const around = behind(n.parentElement);
			const is = Math.max(contrast(over(colour(style.borderTopColor), around), around), contrast(behind(n), around));
			if (is < 3) found.push(`contrast ${is.toFixed(2)} of the edge of ${name(n)}`);
			if (box.height < 24 || box.width < 24) found.push(`${box.width}x${box.height} of ${name(n)}`);
		}
		if (n.matches("dd") && style.whiteSpace === "nowrap" && box.height > 2 * parseFloat(style.fontSize)) found.push(`${name(n)} is broken into lines`);
		if (n.matches("path.bars")) {
			const is = contrast(colour(style.fill), behind(n.closest("figure")));
			if (is < 3) found.push(`contrast ${is.toFixed(2)} of the bars of ${n.closest("figure").id}`);
		}
		if ((box.right > innerWidth + 0.5 || box.left < -0.5) && !n.closest(".scroll")) found.push(`out of the window, ${box.left} to ${box.right}: ${name(n)}`);
	}
	const page = document.scrollingElement;
	if (page.scrollWidth > innerWidth) found.push(`the page is ${page.scrollWidth} wide, the window ${innerWidth}`);
	if (root !== document.body && root.scrollWidth > root.clientWidth) found.push(`the dialog has ${root.scrollWidth} in ${root.clientWidth}`);
	if (texts < 10) found.push(`only ${texts} texts were looked at`);
	return found;
})()
