package lab

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"regexp"
	"strconv"
	"strings"

	"avescript/core/fleet/access"
	"avescript/core/fleet/link"
	"avescript/core/fleet/wire"
)

// Join gets a role in a lab and writes the file for it. Line is a join line, or the address
// of a hub without keys, which does not tell the role. Name is a name that the user has
// chosen, or "".
func Join(ctx context.Context, line, role, name string) (config link.Config, path string, err error) {
	if strings.HasPrefix(line, "nats://") {
		config, err = joinOpen(ctx, line, role, name)
	} else {
		config, err = joinClosed(ctx, line, role, name)
	}
	if err != nil {
		return config, "", err
	}
	path, err = link.Path(config.Role)
	if err != nil {
		return config, "", err
	}
	config.File = path
	return config, path, config.Write(path)
}

func joinClosed(ctx context.Context, text, role, name string) (link.Config, error) {
	line, err := access.ParseLine(text)
	if err != nil {
		return link.Config{}, err
	}
	ctx, cancel := context.WithTimeout(ctx, answerTime)
	defer cancel()
	config, err := access.Enroll(ctx, line, wire.Join{Name: name, Host: HostName(), User: AccountName()})
	if err == nil && role != "" && config.Role != role {
		err = fmt.Errorf("the invitation was one for a %s, and not for a %s: the role is decided by whoever invites", config.Role, role)
	}
	return config, err
}

// joinOpen joins a hub without keys, on this host. It must be there.
func joinOpen(ctx context.Context, url, role, name string) (link.Config, error) {
	config := link.Config{URL: strings.TrimSuffix(url, "/"), Role: cmp.Or(role, wire.Worker)}
	config.Name = cmp.Or(name, AccountName())
	if config.Role == wire.Worker {
		config.Name = cmp.Or(name, HostName())
	}
	l, err := link.Dial(ctx, config)
	if err != nil {
		return config, err
	}
	l.Close()
	return config, nil
}

// Forget removes the file of a role.
func Forget(role string) error {
	path, err := link.Path(role)
	if err != nil {
		return err
	}
	if err := os.Remove(path); !errors.Is(err, os.ErrNotExist) {
		return err
	}
	return nil
}

// JoinAndSay joins a lab, and says what this account is there.
func JoinAndSay(ctx context.Context, out io.Writer, line, role, name string) (link.Config, error) {
	config, path, err := Join(ctx, line, role, name)
	if err != nil {
		return config, err
	}
	fmt.Fprintf(out, "This is %s %s of the lab at %s now. The key is in %s.\n", config.Role, config.Name, config.URL, path)
	if config.Role == wire.Worker {
		fmt.Fprintf(out, "From now on '%s join' works without the line.\n", CommandName())
	}
	return config, nil
}

var sizeForm = regexp.MustCompile(`^([0-9]+)([KMGT]?)i?B?$`)

// ParseSize reads a size such as 512M or 8G, in bytes; "" is 0.
func ParseSize(text string) (int64, error) {
	if text == "" {
		return 0, nil
	}
	parts := sizeForm.FindStringSubmatch(text)
	if parts == nil {
		return 0, fmt.Errorf("wanted a size such as 512M or 8G, got %q", text)
	}
	n, err := strconv.ParseInt(parts[1], 10, 64)
	shift := 10 * strings.Index(" KMGT", cmp.Or(parts[2], " "))
	if err != nil || n > math.MaxInt64>>shift {
		return 0, fmt.Errorf("wanted a size such as 512M or 8G, got %q", text)
	}
	return n << shift, nil
}
