package main

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/urfave/cli/v2"

	"exitplan/internal/genesys"
	"exitplan/internal/journal"
)

// The outcomes of what changed something.
const (
	protected = "protected"
	released  = "released"
)

// A request may name so many conversations (API definition,
// ConversationDeletionProtectionQuery).
const protectAtOnce = 100

// refusal is a conversation that the platform did not protect or release.
type refusal struct {
	Conversation string `json:"conversation"`
	Reason       string `json:"reason"`
	err          error
}

// changeProtection protects or releases, and states it in the custody events.
func changeProtection(c *cli.Context, release bool) (err error) {
	ctx := c.Context
	s, err := newSession(c)
	if err != nil {
		return err
	}
	if err := begun(s.cfg.State); err != nil {
		return err
	}
	if err := s.openJournal(ctx, "protect"); err != nil {
		if errors.Is(err, journal.ErrLocked) {
			return fmt.Errorf("protect writes to the journal that an export keeps for itself; stop it with Ctrl-C, protect, "+
				"and run it again, it goes on where it ended: %w", err)
		}
		return err
	}
	defer func() { err = errors.Join(err, s.close()) }()
	if err := s.checkWindow(ctx); err != nil {
		return err
	}
	if err := s.identify(ctx); err != nil {
		return err
	}
	if err := s.sameOrganization(ctx); err != nil {
		return err
	}
	s.heedLimits(ctx)
	held, err := readProtected(s.cfg.State)
	if err != nil {
		return err
	}
	plan := &protectPlan{Before: int64(len(held))}
	if release {
		for _, id := range slices.Sorted(maps.Keys(held)) {
			plan.list = append(plan.list, endangered{id: id})
		}
	} else {
		until, err := protectUntil(c, s.cfg.Contract, s.clock.Now())
		if err != nil {
			return err
		}
		if plan, err = endangeredBy(ctx, s.journal, held, s.clock.Now(), until); err != nil {
			return err
		}
	}
	changed, err := s.protect(ctx, plan, release)
	if changed.Conversations > 0 || err == nil {
		err = errors.Join(err, changed.print(c))
	}
	if err == nil && len(changed.Refused) > 0 && !(release && changed.gone()) {
		err = said{errMissing}
	}
	return err
}

// sameOrganization refuses credentials of another organization than the export's.
func (s *session) sameOrganization(ctx context.Context) error {
	frozen, err := s.journal.Settings(ctx)
	if err != nil {
		return err
	}
	if was := frozen["organization"]; was != s.org.ID {
		return usage(fmt.Errorf("the export in %s is of organization %s, these credentials of %s (%s)",
			s.cfg.State, cmp.Or(was, "nobody yet"), s.org.ID, s.org.Name))
	}
	return nil
}

// protect asks for one chunk after the other, and tells what was done even if
// an error ends it: those that are answered are in the file, and the rest is the
// next run's. What has a date of deletion was not protected by anybody else, so
// that releasing it takes no hold away.
func (s *session) protect(ctx context.Context, plan *protectPlan, release bool) (changed *protectPlan, err error) {
	log, err := openProtected(s.cfg.State)
	if err != nil {
		return &protectPlan{}, err
	}
	defer func() { err = errors.Join(err, log.close()) }()
	asking := &protecting{s: s, log: log, release: release, changed: &protectPlan{Until: plan.Until, Past: plan.Past, Before: plan.Before, Outcome: protected}}
	if release {
		asking.changed.Outcome = released
	}
	for chunk := range slices.Chunk(plan.list, protectAtOnce) {
		if err = asking.send(ctx, chunk); err != nil {
			break
		}
		if err = asking.hopeless(); err != nil {
			break
		}
	}
	return asking.changed, errors.Join(err, asking.record(context.WithoutCancel(ctx)))
}

type protecting struct {
	s       *session
	log     protectedLog
	release bool
	changed *protectPlan
	ids     []string // that were answered with success
}

func (a *protecting) permission() string {
	if a.release {
		return "recording:deletionProtection:revoke"
	}
	return "recording:deletionProtection:apply"
}

// send halves a chunk that is refused for one of its conversations: one that is
// not known any more must not cost the others.
func (a *protecting) send(ctx context.Context, chunk []endangered) error {
	line := protectedLine{Protect: !a.release}
	for _, e := range chunk {
		line.Conversations = append(line.Conversations, e.id)
	}
	_, err := a.s.clients[0].Put(ctx, "/api/v2/recordings/deletionprotection?protect="+strconv.FormatBool(!a.release),
		map[string][]string{"conversationIds": line.Conversations})
	var api *genesys.Error
	switch errors.As(err, &api); {
	case err == nil:
		if err := a.write(line); err != nil {
			return err
		}
		a.ids = append(a.ids, line.Conversations...)
		for _, e := range chunk {
			a.changed.add(e)
		}
		return nil
	case errors.Is(err, genesys.ErrPermission) && (api == nil || api.Code != "missing.division.permission"):
		return a.denied(err)
	case api == nil || api.Status != http.StatusBadRequest && api.Status != http.StatusForbidden && api.Status != http.StatusNotFound:
		return err
	case len(chunk) > 1:
		half := len(chunk) / 2
		if err := a.send(ctx, chunk[:half]); err != nil {
			return err
		}
		return a.send(ctx, chunk[half:])
	}
	a.changed.Refused = append(a.changed.Refused, refusal{chunk[0].id, cmp.Or(api.Code, strconv.Itoa(api.Status)), err})
	if a.release && errors.Is(err, genesys.ErrNotFound) {
		return a.write(line) // there is nothing left to release
	}
	return nil
}

func (a *protecting) write(line protectedLine) error {
	line.At = a.s.clock.Now().UTC().Truncate(time.Second)
	return a.log.add(line)
}

func (a *protecting) denied(err error) error {
	return fmt.Errorf("the client's role needs %s, in all divisions: %w", a.permission(), err)
}

// hopeless is the error where everything was ever refused, and not because it is
// gone: then the cause is not in the conversations.
func (a *protecting) hopeless() error {
	if len(a.ids) > 0 || len(a.changed.Refused) == 0 || !a.release && a.changed.Before > 0 || a.changed.gone() {
		return nil
	}
	for _, r := range a.changed.Refused {
		if errors.Is(r.err, genesys.ErrPermission) {
			return a.denied(r.err)
		}
	}
	return a.changed.Refused[0].err
}

// gone says whether whatever was refused is not known to the platform.
func (p *protectPlan) gone() bool {
	return !slices.ContainsFunc(p.Refused, func(r refusal) bool { return !errors.Is(r.err, genesys.ErrNotFound) })
}

// record states what was done in the custody events.
func (a *protecting) record(ctx context.Context) error {
	if len(a.ids) == 0 {
		return nil
	}
	slices.Sort(a.ids)
	sum := sha256.Sum256([]byte(strings.Join(a.ids, "\n") + "\n"))
	kind, detail := "deletion-protection-released", map[string]string{
		"conversations": strconv.Itoa(len(a.ids)), "sha256": hex.EncodeToString(sum[:]),
	}
	if !a.release {
		kind = "deletion-protection-applied"
		detail["recordings"] = strconv.FormatInt(a.changed.Recordings, 10)
		detail["first_delete_date"] = a.changed.First.UTC().Format(time.RFC3339)
		detail["last_delete_date"] = a.changed.Last.UTC().Format(time.RFC3339)
	}
	return a.s.record(ctx, kind, detail)
}
