package main

import (
	"go/scanner"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
)

var (
	message = regexp.MustCompile("(?m)^\\| (?:the same, with )?`([^`]+)`")
	verb    = regexp.MustCompile(`%(\[\d+\])?[+#.\d]*[a-zA-Z]`)
)

// said are all string literals of the program, those that are joined by + as one, and what is filled in left out.
func said(t *testing.T) string {
	t.Helper()
	var all strings.Builder
	for _, top := range []string{"cmd", "harness", "probes"} {
		err := filepath.WalkDir(filepath.Join(repository, top), func(path string, _ fs.DirEntry, err error) error {
			if err != nil || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") {
				return err
			}
			source, err := os.ReadFile(path)
			literals(source, &all)
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	return verb.ReplaceAllString(all.String(), "…")
}

// literals writes the string literals of a file, a line each.
func literals(source []byte, all *strings.Builder) {
	var s scanner.Scanner
	files := token.NewFileSet()
	s.Init(files.AddFile("", files.Base(), len(source)), source, nil, 0)
	for before := token.ILLEGAL; ; {
		_, kind, text := s.Scan()
		switch kind {
		case token.EOF:
			return
		case token.STRING:
			if before != token.ADD {
				all.WriteByte('\n')
			}
			text, _ = strconv.Unquote(text)
			all.WriteString(strings.ReplaceAll(text, "%%", "%"))
		}
		before = kind
	}
}

// TestTroubleshootingQuotes holds every message that the page on troubleshooting quotes against what the program says.
func TestTroubleshootingQuotes(t *testing.T) {
	quoted := message.FindAllStringSubmatch(pages(t)["docs/troubleshooting.md"], -1)
	if len(quoted) < 50 {
		t.Errorf("it quotes %d messages", len(quoted))
	}
	words := said(t)
	for _, m := range quoted {
		for part := range strings.SplitSeq(m[1], "…") {
			if part = strings.Trim(part, " ,;:()="); !strings.Contains(words, part) {
				t.Errorf("nothing says %q of %q", part, m[1])
			}
		}
	}
}
