package token

import (
	"encoding/base64"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"golang.org/x/crypto/argon2"
)

// cost is what one hash takes. The upper bounds keep a damaged row from taking all memory.
type cost struct {
	time, memory, threads int
}

func (c cost) check() error {
	switch {
	case c.time < 1 || c.time > 64:
		return errors.New("time must be 1 to 64")
	case c.threads < 1 || c.threads > 255:
		return errors.New("threads must be 1 to 255")
	case c.memory < 8*c.threads || c.memory > 1<<20:
		return errors.New("memory must be 8 KiB for each thread to 1 GiB")
	}
	return nil
}

// hash is a password hash with everything that is needed to compute it again.
type hash struct {
	cost      cost
	salt, key []byte
}

// String returns the hash in PHC form: $argon2id$v=19$m=65536,t=3,p=4$salt$key, in base64 without padding.
func (h hash) String() string {
	enc := base64.RawStdEncoding
	return fmt.Sprintf("$argon2id$v=%d$m=%d,t=%d,p=%d$%s$%s", argon2.Version,
		h.cost.memory, h.cost.time, h.cost.threads, enc.EncodeToString(h.salt), enc.EncodeToString(h.key))
}

// parse reads a PHC string of argon2id. It reports false for anything that String would not write.
func parse(s string) (hash, bool) {
	parts := strings.Split(s, "$")
	if len(parts) != 6 || parts[0] != "" || parts[1] != "argon2id" || parts[2] != "v="+strconv.Itoa(argon2.Version) {
		return hash{}, false
	}
	c, ok := parseCost(parts[3])
	if !ok {
		return hash{}, false
	}
	enc := base64.RawStdEncoding.Strict()
	salt, saltErr := enc.DecodeString(parts[4])
	key, keyErr := enc.DecodeString(parts[5])
	if saltErr != nil || keyErr != nil || len(salt) < 8 || len(salt) > 64 || len(key) < 16 || len(key) > 64 {
		return hash{}, false
	}
	h := hash{cost: c, salt: salt, key: key}
	return h, h.String() == s
}

func parseCost(s string) (cost, bool) {
	fields := strings.Split(s, ",")
	if len(fields) != 3 {
		return cost{}, false
	}
	var c cost
	for i, f := range []struct {
		name  string
		value *int
	}{{"m=", &c.memory}, {"t=", &c.time}, {"p=", &c.threads}} {
		digits, ok := strings.CutPrefix(fields[i], f.name)
		n, err := strconv.Atoi(digits)
		if !ok || err != nil {
			return cost{}, false
		}
		*f.value = n
	}
	return c, c.check() == nil
}
