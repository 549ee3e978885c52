package stage

import (
	"bytes"
	"context"
	"errors"
	"io"
	"strings"
	"testing"
)

func TestRunGoesOnAfterABrokenStageAndNamesIt(t *testing.T) {
	var ran []string
	step := func(name string, err error) Stage {
		return Stage{name, func(context.Context, io.Writer) error {
			ran = append(ran, name)
			return err
		}}
	}
	var out bytes.Buffer
	err := Run(t.Context(), &out, []Stage{step("one", nil), step("two", errors.New("bent")), step("three", nil)}, nil)
	if err == nil || !strings.Contains(err.Error(), "two") || strings.Contains(err.Error(), "one") {
		t.Errorf("Run() = %v; want an error that names two only", err)
	}
	if got := strings.Join(ran, " "); got != "one two three" {
		t.Errorf("stages that ran = %q; want all three", got)
	}
	if !strings.Contains(out.String(), "bent") {
		t.Errorf("output %q does not say why", out.String())
	}
}

func TestRunRefusesAStageThatDoesNotExist(t *testing.T) {
	err := Run(t.Context(), io.Discard, []Stage{{Name: "one"}}, []string{"other"})
	if err == nil || !strings.Contains(err.Error(), `"other"`) {
		t.Errorf("Run() = %v; want an error that names the stage", err)
	}
}
