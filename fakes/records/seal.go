package records

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
)

// ErrKey says that a transaction lacks a data key, or was brought another one than the record was written with.
var ErrKey = errors.New("the data key is missing or another one")

// sealer encrypts and hashes under one data key.
type sealer struct {
	aead cipher.AEAD
	key  []byte
}

func newSealer(key []byte) (*sealer, error) {
	if len(key) == 0 {
		return nil, ErrKey
	}
	block, err := aes.NewCipher(key)
	if err != nil {
		return nil, fmt.Errorf("using the data key: %w", err)
	}
	aead, err := cipher.NewGCM(block)
	return &sealer{aead, key}, err
}

// seal encrypts a value for one place alone: moved to another it can't be opened.
func (s *sealer) seal(place string, value any) ([]byte, error) {
	plain, err := json.Marshal(value)
	if err != nil {
		return nil, fmt.Errorf("encoding a record: %w", err)
	}
	nonce := make([]byte, s.aead.NonceSize(), s.aead.NonceSize()+len(plain)+s.aead.Overhead())
	rand.Read(nonce)
	return s.aead.Seal(nonce, nonce, plain, []byte(place)), nil
}

func (s *sealer) open(sealed []byte, place string, into any) error {
	n := s.aead.NonceSize()
	if len(sealed) < n {
		return ErrKey
	}
	plain, err := s.aead.Open(nil, sealed[:n], sealed[n:], []byte(place))
	if err != nil {
		return ErrKey
	}
	if err := json.Unmarshal(plain, into); err != nil {
		return fmt.Errorf("decoding a record: %w", err)
	}
	return nil
}

// hash is what stands for an index's value at rest.
func (s *sealer) hash(x Index) []byte {
	mac := hmac.New(sha256.New, s.key)
	mac.Write([]byte(x.Name + "\x00" + x.Value))
	return mac.Sum(nil)
}
