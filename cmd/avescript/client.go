package main

import (
	"os"
	"time"

	"github.com/spf13/pflag"

	"avescript/core/connection"
	"avescript/core/control"
	"avescript/core/flags"
)

// keyVariable is the environment variable with the key of the service. In a flag, the
// key could be seen by every user of the host.
const keyVariable = "AVE_AUTHKEY"

// clientFlags are the flags of all commands that call services.
type clientFlags struct {
	limit  float64 // in seconds
	secure bool
	tls    control.ClientTLS
}

// add adds them to the flags of a command, for which the default of --timeout is limit.
func (f *clientFlags) add(set *pflag.FlagSet, limit float64) {
	f.limit = limit
	set.Var(flags.Seconds(&f.limit), "timeout", "give up after `SECONDS`; 0 means no limit")
	set.BoolVar(&f.secure, "tls", false, "use TLS, and trust the authorities of this system")
	set.StringVar(&f.tls.CA, "tls-ca", "", "use TLS, and trust the authorities in `FILE`")
	set.StringVar(&f.tls.Cert, "tls-cert", "", "use TLS, with the client certificate in `FILE`")
	set.StringVar(&f.tls.Key, "tls-key", "", "the private key of that certificate is in `FILE`")
}

func (f *clientFlags) timeout() time.Duration {
	if f.limit == 0 {
		return connection.Forever
	}
	return time.Duration(f.limit * float64(time.Second))
}

// options are the options of a client, except the address.
func (f *clientFlags) options() (options control.ClientOptions, err error) {
	options.Authkey, options.Timeout = os.Getenv(keyVariable), f.timeout()
	if f.secure || f.tls != (control.ClientTLS{}) {
		options.TLS, err = f.tls.Config()
	}
	return options, err
}
