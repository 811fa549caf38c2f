package simulator_test

import (
	"errors"
	"io/fs"
	"net/http"
	"sync"
	"testing"

	"exitplan/internal/simulator"
	"exitplan/internal/simulator/apicheck"
)

var checker = sync.OnceValues(func() (*apicheck.Checker, error) {
	return apicheck.New("../../../shared/genesys-api/definition.json", simulator.Beyond()...)
})

// definitionCheck fails the test on any request or answer that is not as the
// public definition says. Without the definition it lets all through; see
// TestDefinitionIsPresent.
func definitionCheck(t *testing.T) func(http.Handler) http.Handler {
	t.Helper()
	c, err := checker()
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		t.Fatal(err)
	}
	return func(h http.Handler) http.Handler {
		return c.Wrap(h, func(err error) { t.Errorf("not as defined: %v", err) })
	}
}

func TestDefinitionIsPresent(t *testing.T) {
	if _, err := checker(); errors.Is(err, fs.ErrNotExist) {
		t.Skip("requests and answers are not checked against the API definition: ../shared/genesys-api/definition.json is absent")
	} else if err != nil {
		t.Fatal(err)
	}
}
