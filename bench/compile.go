package main

import (
	"context"
	_ "embed"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

//go:embed compile.lua
var compileScript string

// The sizes of tables of constants. The larger one shows whether the time grows with the
// size.
const (
	constants     = 8_000
	manyConstants = 4 * constants
)

// compileMeasures measure compiling, in the processor time of the interpreter.
func compileMeasures(ctx context.Context, b *built) []*measure {
	measures := []*measure{
		compileMeasure(ctx, b, "compile 10,000 written tests", lines(10_000), atMost(2.5)),
		compileMeasure(ctx, b, "compile a table of 8,000 constants", constantsText(constants), atMost(4)),
	}
	ratio := func(interpreter string) trial {
		few := compileTrial(ctx, b, interpreter, "few.lua", constantsText(constants))
		many := compileTrial(ctx, b, interpreter, "many.lua", constantsText(manyConstants))
		return func() ([]float64, error) {
			small, err := few()
			if err != nil {
				return nil, err
			}
			large, err := many()
			if err != nil {
				return nil, err
			}
			return []float64{large[0] / small[0]}, nil
		}
	}
	return append(measures, &measure{
		name:       "compile 32,000 constants over 8,000",
		quantities: []quantity{{unit: times, absolute: 4.5}},
		ours:       ratio(b.avescript),
		peers:      []rival{{"lua5.1", ratio("lua5.1")}},
	})
}

func compileMeasure(ctx context.Context, b *built, name, text string, wanted goal) *measure {
	file := strings.ReplaceAll(name, " ", "-") + ".lua"
	return &measure{
		name:       name,
		quantities: []quantity{{unit: seconds, goals: map[string]goal{"lua5.1": wanted}}},
		ours:       compileTrial(ctx, b, b.avescript, file, text),
		peers: []rival{
			{"lua5.1", compileTrial(ctx, b, "lua5.1", file, text)},
			{"luajit", compileTrial(ctx, b, "luajit", file, text)},
		},
	}
}

// compileTrial lets an interpreter compile a text several times.
func compileTrial(ctx context.Context, b *built, interpreter, file, text string) trial {
	return func() ([]float64, error) {
		if _, err := exec.LookPath(interpreter); err != nil {
			return nil, fmt.Errorf("%w: %w", errSkipped, err)
		}
		script, source := filepath.Join(b.dir, "compile.lua"), filepath.Join(b.dir, file)
		for path, content := range map[string]string{script: compileScript, source: text} {
			if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
				return nil, err
			}
		}
		out, err := exec.CommandContext(ctx, interpreter, script, source).Output()
		if err != nil {
			return nil, fmt.Errorf("%s %s: %w", interpreter, file, err)
		}
		var took float64
		_, err = fmt.Sscan(string(out), &took)
		return []float64{took}, err
	}
}

// constantsText is a table of numbers and strings that are all different.
func constantsText(n int) string {
	var text strings.Builder
	text.WriteString("return {\n")
	for i := range n / 2 {
		fmt.Fprintf(&text, "\t'entry %d', %[1]d.5,\n", i)
	}
	return text.String() + "}\n"
}
