package remudacli

import (
	"context"
	"os"

	"github.com/remuda-go/remuda/cmd/remuda/internal/k8s"
	"github.com/urfave/cli/v3"
)

func (a *app) k8s() *cli.Command {
	return &cli.Command{
		Name: "k8s", Usage: "print what Kubernetes needs",
		Commands: []*cli.Command{{
			Name: "manifests", Usage: "print manifests for the config: one node with a volume or, with --cluster, an intake and workers that KEDA scales",
			Flags: []cli.Flag{
				&cli.BoolFlag{Name: "cluster", Usage: "for a NATS cluster, which the config names"},
				&cli.StringFlag{Name: "name", Value: "remuda", Usage: "the `NAME` of all objects, and of the secret"},
				&cli.StringFlag{Name: "namespace", Aliases: []string{"n"}, Value: "default", Usage: "the `NAMESPACE`"},
				&cli.StringFlag{Name: "image", Value: "remuda:latest", Usage: "the `IMAGE`, which also has the programs that the config names"},
				&cli.StringFlag{Name: "storage", Value: "10Gi", Usage: "the `SIZE` of the volume of one node"},
				&cli.IntFlag{Name: "most", Value: 10, Usage: "with --cluster: no more than `N` replicas of the workers of a kind"},
				&cli.IntFlag{Name: "lag", Value: 10, Usage: "with --cluster: a replica for each `N` tasks that wait or run"},
				&cli.StringFlag{Name: "monitoring", Value: "nats.nats.svc.cluster.local:8222", Usage: "with --cluster: the `ADDRESS` of NATS' monitoring, which KEDA asks"},
				&cli.StringFlag{Name: "account", Value: "$G", Usage: "with --cluster: the `ACCOUNT` of NATS"},
			},
			Action: a.manifests,
		}},
	}
}

func (a *app) manifests(_ context.Context, cmd *cli.Command) error {
	if _, err := args(cmd, 0, 0); err != nil {
		return err
	}
	cfg, err := a.load(cmd)
	if err != nil {
		return err
	}
	text, err := os.ReadFile(cfg.Name())
	if err != nil {
		return err
	}
	write := k8s.Node
	if cmd.Bool("cluster") {
		write = k8s.Cluster
	}
	out, err := write(cfg, text, k8s.Options{
		Name: cmd.String("name"), Namespace: cmd.String("namespace"), Image: cmd.String("image"), Storage: cmd.String("storage"),
		Most: cmd.Int("most"), Lag: cmd.Int("lag"), Monitoring: cmd.String("monitoring"), Account: cmd.String("account"),
	})
	if err != nil {
		return err
	}
	_, err = a.std.Out.Write(out)
	return err
}
