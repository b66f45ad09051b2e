package coretest

import (
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"

	"github.com/ragcorp/ragcorp/core/fault"
	"github.com/ragcorp/ragcorp/core/identity"
)

// TestKeys checks identity.Keys. open returns an empty store that is closed when the test ends.
func TestKeys[S Identity](t *testing.T, open func(*testing.T) S) {
	for name, check := range map[string]func(*testing.T, Identity){
		"a created key is found by its hash":                       createdKeyIsFound,
		"a hash that nobody has is not found":                      unknownHashIsNotFound,
		"two keys can't have one hash, and the second has no news": twoKeysCantShareAHash,
		"keys are listed newest first, ties by id descending":      keysAreListed,
		"a revoked key stays and says since when":                  revokedKeySaysSinceWhen,
		"revoking again changes and writes nothing":                revokingAgainChangesNothing,
		"of many who revoke a key at once one is recorded":         oneRevocationIsRecorded,
		"a key that does not exist can't be revoked":               unknownKeyCantBeRevoked,
		"the latest use of a key is kept, in whatever order":       latestUseIsKept,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			check(t, open(t))
		})
	}
}

func newKey(hash string) identity.Key {
	return identity.Key{
		ID: uuid.Must(uuid.NewV7()), Name: "crawler's", Hash: hash, CreatedBy: "system",
		Permissions: []identity.Permission{identity.QueryAsk, identity.DocumentsRead}, CreatedAt: identityTime(),
	}
}

func addKey(t *testing.T, s Identity, k identity.Key) identity.Key {
	t.Helper()
	if err := s.Keys().Create(t.Context(), k, news("created "+k.Hash)); err != nil {
		t.Fatalf("Create(%s) = %v, want none", k.Hash, err)
	}
	return k
}

func wantKey(t *testing.T, s Identity, want identity.Key) {
	t.Helper()
	got, err := s.Keys().ByHash(t.Context(), want.Hash)
	if err != nil {
		t.Fatalf("ByHash(%s) = %v, want none", want.Hash, err)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("ByHash mismatch (-want +got):\n%s", diff)
	}
}

func createdKeyIsFound(t *testing.T, s Identity) {
	small := addKey(t, s, newKey("small"))
	full := newKey("full")
	full.Workspaces = []uuid.UUID{uuid.Must(uuid.NewV7()), uuid.Must(uuid.NewV7())}
	full.ExpiresAt = identityTime().Add(time.Hour)
	full.RevokedAt = identityTime().Add(time.Minute)
	full.LastUsedAt = identityTime().Add(time.Second)
	addKey(t, s, full)
	bare := newKey("bare")
	bare.Permissions = nil
	addKey(t, s, bare)
	for _, k := range []identity.Key{small, full, bare} {
		wantKey(t, s, k)
	}
	wantEvents(t, s, "created bare", "created full", "created small")
}

func unknownHashIsNotFound(t *testing.T, s Identity) {
	addKey(t, s, newKey("one"))
	for _, hash := range []string{"", "two", "' OR 1=1 --"} {
		_, err := s.Keys().ByHash(t.Context(), hash)
		wantKind(t, "ByHash", err, fault.NotFound)
	}
}

func twoKeysCantShareAHash(t *testing.T, s Identity) {
	first := addKey(t, s, newKey("one"))
	wantKind(t, "Create", s.Keys().Create(t.Context(), newKey("one"), news("again")), fault.Conflict)
	wantKey(t, s, first)
	wantEvents(t, s, "created one")
}

func keysAreListed(t *testing.T, s Identity) {
	old := newKey("old")
	old.CreatedAt = old.CreatedAt.Add(-time.Second)
	young := newKey("young")
	low, high := newKey("low"), newKey("high") // ids of version 7 ascend
	young.CreatedAt = young.CreatedAt.Add(time.Second)
	for _, k := range []identity.Key{high, young, old, low} {
		addKey(t, s, k)
	}
	got, err := s.Keys().List(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]identity.Key{young, high, low, old}, got); diff != "" {
		t.Errorf("List mismatch (-want +got):\n%s", diff)
	}
}

func revokedKeySaysSinceWhen(t *testing.T, s Identity) {
	k, other := addKey(t, s, newKey("one")), addKey(t, s, newKey("two"))
	k.RevokedAt = identityTime().Add(time.Minute)
	if err := s.Keys().Revoke(t.Context(), k.ID, k.RevokedAt, news("revoked")); err != nil {
		t.Fatal(err)
	}
	wantKey(t, s, k)
	wantKey(t, s, other)
	wantEvents(t, s, "created one", "created two", "revoked")
}

func revokingAgainChangesNothing(t *testing.T, s Identity) {
	k := addKey(t, s, newKey("one"))
	k.RevokedAt = identityTime().Add(time.Minute)
	for i, name := range []string{"first", "second"} {
		at := k.RevokedAt.Add(time.Duration(i) * time.Hour)
		if err := s.Keys().Revoke(t.Context(), k.ID, at, news(name)); err != nil {
			t.Fatalf("Revoke, %s time = %v, want none", name, err)
		}
	}
	wantKey(t, s, k)
	wantEvents(t, s, "created one", "first")
}

func oneRevocationIsRecorded(t *testing.T, s Identity) {
	k := addKey(t, s, newKey("one"))
	var all sync.WaitGroup
	for range 20 {
		all.Go(func() {
			if err := s.Keys().Revoke(t.Context(), k.ID, identityTime(), news("revoked")); err != nil {
				t.Errorf("Revoke = %v, want none", err)
			}
		})
	}
	all.Wait()
	wantEvents(t, s, "created one", "revoked")
}

func unknownKeyCantBeRevoked(t *testing.T, s Identity) {
	k := addKey(t, s, newKey("one"))
	err := s.Keys().Revoke(t.Context(), uuid.Must(uuid.NewV7()), identityTime(), news("revoked"))
	wantKind(t, "Revoke", err, fault.NotFound)
	wantKey(t, s, k)
	wantEvents(t, s, "created one")
}

func latestUseIsKept(t *testing.T, s Identity) {
	k := addKey(t, s, newKey("one"))
	var all sync.WaitGroup
	for i := range 20 {
		all.Go(func() {
			if err := s.Keys().Touch(t.Context(), k.ID, identityTime().Add(time.Duration(i)*time.Second)); err != nil {
				t.Errorf("Touch = %v, want none", err)
			}
		})
	}
	all.Wait()
	k.LastUsedAt = identityTime().Add(19 * time.Second)
	wantKey(t, s, k)
}
