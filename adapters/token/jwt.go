// Package token makes and checks what people and services prove themselves with: access tokens as JWT, passwords hashed
// with argon2id, and fingerprints of API keys. It decides about nobody's rights.
package token

import (
	"errors"
	"fmt"
	"time"

	"github.com/golang-jwt/jwt/v5"
	"github.com/google/uuid"

	"github.com/ragcorp/ragcorp/core/fault"
	"github.com/ragcorp/ragcorp/core/identity"
)

const (
	minSecret = 16      // bytes; what is shorter can be guessed from one token
	maxToken  = 8 << 10 // bytes; ours have about 400
	access    = "access"
)

// JWT is identity.Tokens by signed JSON Web Tokens (RFC 7519), with HMAC-SHA-256 and nothing else.
type JWT struct {
	secret []byte
}

var _ identity.Tokens = (*JWT)(nil)

// NewJWT makes tokens that are signed with the secret, which has at least 16 bytes. Whoever knows it can be anybody.
func NewJWT(secret string) (*JWT, error) {
	if len(secret) < minSecret {
		return nil, fmt.Errorf("the secret of tokens must have at least %d bytes", minSecret)
	}
	return &JWT{secret: []byte(secret)}, nil
}

// claims is the body of a token.
type claims struct {
	jwt.RegisteredClaims

	Email   string        `json:"email"`
	Role    identity.Role `json:"role"`
	Type    string        `json:"typ"`
	Version int           `json:"ver"`
}

// Issue makes a token. Times in it are whole seconds, so one that expires within a second lives to its end.
func (j *JWT) Issue(c identity.Claims) (string, error) {
	expires := c.Expires.Truncate(time.Second)
	if expires.Before(c.Expires) {
		expires = expires.Add(time.Second)
	}
	token, err := jwt.NewWithClaims(jwt.SigningMethodHS256, claims{
		RegisteredClaims: jwt.RegisteredClaims{
			Subject:   c.User.String(),
			IssuedAt:  jwt.NewNumericDate(c.IssuedAt),
			ExpiresAt: jwt.NewNumericDate(expires),
		},
		Email: c.Email, Role: c.Role, Type: access, Version: c.Version,
	}).SignedString(j.secret)
	if err != nil {
		return "", fmt.Errorf("sign a token: %w", err)
	}
	return token, nil
}

// Verify returns the claims of a token. fault.Unauthenticated, with the reason "token", when it was not signed with the
// secret and HS256, is not an access token, lacks a claim, or is not alive at the given time.
func (j *JWT) Verify(token string, now time.Time) (identity.Claims, error) {
	if len(token) > maxToken {
		return identity.Claims{}, refuse(errors.New("it is too long"))
	}
	var c claims
	_, err := jwt.NewParser(
		jwt.WithValidMethods([]string{jwt.SigningMethodHS256.Alg()}),
		jwt.WithExpirationRequired(),
		jwt.WithStrictDecoding(),
		jwt.WithTimeFunc(func() time.Time { return now }),
	).ParseWithClaims(token, &c, func(*jwt.Token) (any, error) { return j.secret, nil })
	if err != nil {
		return identity.Claims{}, refuse(err)
	}
	return c.identity()
}

// identity checks what the library doesn't. A token without ver counts as the first version: it was issued by whoever
// holds the secret, and stops working with the first revocation.
func (c claims) identity() (identity.Claims, error) {
	user, err := uuid.Parse(c.Subject)
	switch {
	case err != nil || user == uuid.Nil:
		return identity.Claims{}, refuse(errors.New("its subject is no user"))
	case c.Type != access:
		return identity.Claims{}, refuse(errors.New("it is not an access token"))
	case c.Email == "":
		return identity.Claims{}, refuse(errors.New("it has no e-mail address"))
	case c.Role != identity.Admin && c.Role != identity.Employee:
		return identity.Claims{}, refuse(errors.New("it has no known role"))
	}
	out := identity.Claims{
		User: user, Email: c.Email, Role: c.Role, Version: c.Version, Expires: c.ExpiresAt.UTC(),
	}
	if c.IssuedAt != nil {
		out.IssuedAt = c.IssuedAt.UTC()
	}
	return out, nil
}

func refuse(cause error) error {
	return fault.Unauthenticated.Wrap(cause, "the token is not valid").Because("token")
}
