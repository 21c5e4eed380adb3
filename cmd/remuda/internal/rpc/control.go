package rpc

import (
	"context"

	"github.com/remuda-go/remuda/client/remudav1"
	"github.com/remuda-go/remuda/tasks"
)

func (h *handler) Cancel(ctx context.Context, r *remudav1.CancelRequest) (*remudav1.CancelResponse, error) {
	return &remudav1.CancelResponse{}, h.service.Cancel(ctx, tasks.ID(r.GetId()))
}

func (h *handler) Redrive(ctx context.Context, r *remudav1.RedriveRequest) (*remudav1.RedriveResponse, error) {
	return &remudav1.RedriveResponse{}, h.service.Redrive(ctx, tasks.ID(r.GetId()))
}

func (h *handler) Delete(ctx context.Context, r *remudav1.DeleteRequest) (*remudav1.DeleteResponse, error) {
	return &remudav1.DeleteResponse{}, h.service.Delete(ctx, tasks.ID(r.GetId()))
}

func (h *handler) Pause(ctx context.Context, r *remudav1.PauseRequest) (*remudav1.PauseResponse, error) {
	return &remudav1.PauseResponse{}, h.service.Pause(ctx, r.GetKind())
}

func (h *handler) Resume(ctx context.Context, r *remudav1.ResumeRequest) (*remudav1.ResumeResponse, error) {
	return &remudav1.ResumeResponse{}, h.service.Resume(ctx, r.GetKind())
}

func (h *handler) Resize(ctx context.Context, r *remudav1.ResizeRequest) (*remudav1.ResizeResponse, error) {
	return &remudav1.ResizeResponse{}, h.service.Resize(ctx, r.GetKind(), int(r.GetWorkers()))
}

func (h *handler) SetCron(ctx context.Context, r *remudav1.SetCronRequest) (*remudav1.SetCronResponse, error) {
	e := r.GetEntry()
	return &remudav1.SetCronResponse{}, h.service.SetCron(ctx, tasks.CronEntry{
		Kind: e.GetKind(), Name: e.GetName(), Spec: tasks.Spec{Expr: e.GetSpec(), Zone: e.GetZone()}, Input: e.GetInput(),
	})
}

func (h *handler) RemoveCron(ctx context.Context, r *remudav1.RemoveCronRequest) (*remudav1.RemoveCronResponse, error) {
	return &remudav1.RemoveCronResponse{}, h.service.RemoveCron(ctx, r.GetKind(), r.GetName())
}
