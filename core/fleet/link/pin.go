package link

import (
	"crypto/sha256"
	"crypto/subtle"
	"crypto/tls"
	"encoding/hex"
	"errors"
	"fmt"
	"strings"
)

// errPin is the error for a certificate that is another one than that of the hub.
var errPin = errors.New("its certificate is another one")

// Fingerprint is the SHA-256 of a certificate in DER form, as hexadecimal digits.
func Fingerprint(certificate []byte) string {
	sum := sha256.Sum256(certificate)
	return hex.EncodeToString(sum[:])
}

// Pinned is a configuration of TLS that accepts one certificate only, whatever its names,
// its issuer and its time. So a clock that is wrong keeps no host away.
func Pinned(pin string) *tls.Config {
	return &tls.Config{
		MinVersion:         tls.VersionTLS13,
		InsecureSkipVerify: true, //nolint:gosec // VerifyConnection does it
		VerifyConnection: func(state tls.ConnectionState) error {
			if len(state.PeerCertificates) == 0 {
				return fmt.Errorf("%w: there is none", errPin)
			}
			got := Fingerprint(state.PeerCertificates[0].Raw)
			if subtle.ConstantTimeCompare([]byte(got), []byte(strings.ToLower(pin))) != 1 {
				return fmt.Errorf("%w: wanted the fingerprint %s, got %s", errPin, pin, got)
			}
			return nil
		},
	}
}
