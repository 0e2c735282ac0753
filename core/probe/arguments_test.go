package probe

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestReadArguments(t *testing.T) {
	t.Chdir(t.TempDir())
	for name, text := range map[string]string{"value.json": " [1, NaN]\n", "text": "two\nlines", "@odd": "7", "empty": ""} {
		if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for word, want := range map[string]string{
		"1": "1", "x": `"x"`, `"1"`: `"1"`, "-Infinity": "-Infinity", "": `""`, "a@b": `"a@b"`, "--": `"--"`,
		"@value.json": " [1, NaN]\n", "@text": `"two\nlines"`, "@empty": `""`, "@@odd": `"@odd"`, "@@": `"@"`, "@./@odd": "7",
		"-": `{"input": 1}`,
	} {
		args, err := ReadArguments([]string{word}, []string{"name=" + strings.Replace(word, "-", "", 1)}, strings.NewReader(`{"input": 1}`))
		if got := string(args.positional()); err != nil || got != "["+want+"]" {
			t.Errorf("%q: wanted %s, got %s, %v", word, want, got, err)
		}
	}
	args, err := ReadArguments(nil, []string{"b=@value.json", "a=x=y"}, nil)
	if got := string(args.keyword()); err != nil || got != `{"a":"x=y","b": [1, NaN]`+"\n}" {
		t.Errorf("got %s, %v", got, err)
	}
}

// A file without an end does not fill the memory.
func TestReadArgumentsEndsAtTheLimit(t *testing.T) {
	path := filepath.Join(t.TempDir(), "huge")
	if err := os.WriteFile(path, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Truncate(path, maxInput+1); err != nil {
		t.Fatal(err)
	}
	if _, err := ReadArguments([]string{"@" + path}, nil, nil); err == nil || !strings.Contains(err.Error(), "it is longer than 64 MiB") {
		t.Errorf("got %v", err)
	}
}
