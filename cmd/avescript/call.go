package main

import (
	"fmt"
	"os"
	"time"

	"github.com/spf13/cobra"

	"avescript/core/control"
	"avescript/core/probe"
)

// keyVariable has the key of the service, which in a flag everybody on the host
// could see.
const keyVariable = "AVE_AUTHKEY"

// callFlags are those of the command call.
type callFlags struct {
	keywords []string
	seconds  float64
	secure   bool
	tls      control.ClientTLS
}

func newCall() *cobra.Command {
	flags := &callFlags{}
	c := &cobra.Command{
		Use:   "call [HOST:]PORT [METHOD [ARGS...]]",
		Short: "Call a method of a service, or list its methods",
		Long: `Calls a method of a service and prints the result as JSON. ARGS are JSON, or text
where they are none. Without METHOD it lists the methods that the service has.
The key is taken from the environment variable AVE_AUTHKEY.`,
		Example: `  avescript call 4000
  avescript call lab:4000 get '{"type": "handset"}'
  AVE_AUTHKEY=secret avescript call 4000 '$statistics'`,
		Args:              cobra.MinimumNArgs(1),
		ValidArgsFunction: flags.complete,
		RunE:              func(c *cobra.Command, args []string) error { return flags.call(c, args) },
	}
	f := c.Flags()
	f.StringArrayVarP(&flags.keywords, "keyword", "k", nil, "give the argument `NAME=VALUE` by its name")
	f.Float64Var(&flags.seconds, "timeout", 30, "give up after `SECONDS`")
	f.BoolVar(&flags.secure, "tls", false, "use TLS, with the authorities that this system trusts")
	f.StringVar(&flags.tls.CA, "tls-ca", "", "use TLS, with the authorities in `FILE`")
	f.StringVar(&flags.tls.Cert, "tls-cert", "", "show the service the certificate in `FILE`")
	f.StringVar(&flags.tls.Key, "tls-key", "", "the key of that certificate is in `FILE`")
	return c
}

func (f *callFlags) call(c *cobra.Command, args []string) error {
	client, err := f.client(args[0])
	if err != nil {
		return &usageError{err: err}
	}
	defer client.Close()
	ctx, stop := untilSignal(c.Context(), os.Stdin)
	defer stop()
	if len(args) == 1 {
		err = probe.List(ctx, client, os.Stdout, f.timeout())
	} else {
		err = probe.Call(ctx, client, os.Stdout, args[1], args[2:], f.keywords, f.timeout())
	}
	if err != nil && ctx.Err() == nil {
		fmt.Fprintln(os.Stderr, "avescript: "+probe.Explain(err))
		return errShown
	}
	return err
}

func (f *callFlags) timeout() time.Duration { return time.Duration(f.seconds * float64(time.Second)) }

func (f *callFlags) client(service string) (*control.Client, error) {
	address, err := probe.ParseAddress(service)
	if err != nil {
		return nil, err
	}
	options := control.ClientOptions{Address: address, Authkey: os.Getenv(keyVariable), Timeout: f.timeout()}
	if f.secure || f.tls != (control.ClientTLS{}) {
		if options.TLS, err = f.tls.Config(); err != nil {
			return nil, err
		}
	}
	return control.NewClient(options), nil
}

// complete finds the methods of the service for a shell.
func (f *callFlags) complete(c *cobra.Command, args []string, prefix string) ([]string, cobra.ShellCompDirective) {
	if len(args) != 1 {
		return nil, cobra.ShellCompDirectiveNoFileComp
	}
	client, err := f.client(args[0])
	if err != nil {
		return nil, cobra.ShellCompDirectiveError
	}
	defer client.Close()
	names, docs := probe.Names(c.Context(), client, prefix, time.Second)
	for i := range names {
		names[i] += "\t" + docs[i]
	}
	return names, cobra.ShellCompDirectiveNoFileComp
}
