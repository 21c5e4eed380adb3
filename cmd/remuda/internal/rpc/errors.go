package rpc

import (
	"context"
	"errors"
	"net/http"

	"connectrpc.com/connect/v2"
	"connectrpc.com/connect/v2/connectproto"
	"github.com/remuda-go/remuda/client/remudav1"
	"github.com/remuda-go/remuda/cmd/remuda/internal/service"
)

// refusals makes of a handler's error what goes over the wire.
func refusals(next connect.ServerFunc) connect.ServerFunc {
	return func(ctx context.Context, spec connect.Spec, stream connect.ServerStream) error {
		err := next(ctx, spec, stream)
		var ours *connect.Error
		if err == nil || errors.As(err, &ours) || ctx.Err() != nil {
			return err
		}
		return errorOf(service.ProblemOf(err))
	}
}

var codes = map[string]connect.Code{
	service.CodeInvalid:   connect.CodeInvalidArgument,
	service.CodeNotFound:  connect.CodeNotFound,
	service.CodeDuplicate: connect.CodeAlreadyExists,
	service.CodeState:     connect.CodeFailedPrecondition,
	service.CodeFull:      connect.CodeResourceExhausted,
	service.CodeTooLarge:  connect.CodeResourceExhausted,
	service.CodeUnknown:   connect.CodeUnavailable,
	service.CodeDenied:    connect.CodePermissionDenied,
	service.CodeBusy:      connect.CodeResourceExhausted,
	service.CodeInternal:  connect.CodeInternal,
}

func errorOf(p *service.Problem) error {
	code := codes[p.Code]
	if p.Status == http.StatusUnauthorized {
		code = connect.CodeUnauthenticated
	}
	err := connect.NewError(code, p.Text)
	detail, failed := connectproto.NewErrorDetail(&remudav1.Problem{Code: p.Code, Id: string(p.ID)})
	if failed != nil {
		return err
	}
	return err.WithDetail(detail)
}
