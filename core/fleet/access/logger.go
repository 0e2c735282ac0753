package access

import (
	"fmt"
	"regexp"
	"strings"

	"github.com/nats-io/nats-server/v2/server"

	"avescript/core/printable"
)

// Logger is the logger of a server whose clients are in the book. It puts the role and the
// name where the server has a key only, so that one can see who has tried what.
func (b *Book) Logger(write func(level, text string)) server.Logger { return &logger{b, write} }

type logger struct {
	book  *Book
	write func(level, text string)
}

// userKey is a public key in a message of the server, and userWord a user of a hub
// without keys, or a guest.
var (
	userKey  = regexp.MustCompile(`nkey:(U[A-Z2-7]{55})`)
	userWord = regexp.MustCompile(`user:([a-z]+)\.([A-Za-z0-9_-]+)`)
)

// needless is the beginning of a warning that says what is wanted.
const needless = "Clients that are not using"

func (l *logger) put(level, format string, arguments []any) {
	if strings.HasPrefix(format, needless) {
		return
	}
	text := userKey.ReplaceAllStringFunc(fmt.Sprintf(format, arguments...), func(found string) string {
		if who, ok := l.book.names.Load(strings.TrimPrefix(found, "nkey:")); ok {
			return who.(string)
		}
		return found
	})
	text = userWord.ReplaceAllString(text, "$1 $2")
	if strings.Contains(text, "Violation - ") {
		text = "denied: " + text
	}
	l.write(level, printable.Line(text))
}

func (l *logger) Noticef(format string, v ...any) { l.put("notice", format, v) }
func (l *logger) Warnf(format string, v ...any)   { l.put("warning", format, v) }
func (l *logger) Fatalf(format string, v ...any)  { l.put("fatal", format, v) }
func (l *logger) Errorf(format string, v ...any)  { l.put("error", format, v) }
func (l *logger) Debugf(string, ...any)           {}
func (l *logger) Tracef(string, ...any)           {}
