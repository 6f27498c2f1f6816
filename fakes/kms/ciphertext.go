package kms

import (
	"crypto/cipher"
	"crypto/rand"
	"encoding/binary"
	"maps"
	"slices"
)

// A ciphertext blob is a version byte, the length of the key id in a byte, the key id, the nonce, and what AES-256-GCM
// makes of the plaintext. The encryption context is authenticated but not in it.
const (
	blobVersion = 1
	maxBlob     = 6144 // bytes, of KMS's Decrypt
)

// seal encrypts under the key, bound to the encryption context.
func (k *key) seal(plaintext []byte, context map[string]string) []byte {
	header := append([]byte{blobVersion, byte(len(k.id))}, k.id...)
	blob := make([]byte, 0, len(header)+k.material.NonceSize()+len(plaintext)+k.material.Overhead())
	blob = append(blob, header...)
	blob = blob[:len(header)+k.material.NonceSize()]
	nonce := blob[len(header):]
	_, _ = rand.Read(nonce) // never returns an error
	return k.material.Seal(blob, nonce, plaintext, additionalData(header, context))
}

// blob is a ciphertext blob, taken apart.
type blob struct {
	keyID  string
	header []byte
	rest   []byte // nonce and sealed text
}

func parseBlob(data []byte) (blob, bool) {
	if len(data) < 2 || len(data) > maxBlob || data[0] != blobVersion || len(data) < 2+int(data[1]) {
		return blob{}, false
	}
	end := 2 + int(data[1])
	return blob{keyID: string(data[2:end]), header: data[:end], rest: data[end:]}, true
}

// open decrypts a blob that was sealed under the key in the same encryption context.
func (b blob) open(material cipher.AEAD, context map[string]string) ([]byte, bool) {
	if len(b.rest) < material.NonceSize() {
		return nil, false
	}
	nonce, sealed := b.rest[:material.NonceSize()], b.rest[material.NonceSize():]
	plaintext, err := material.Open(nil, nonce, sealed, additionalData(b.header, context))
	return plaintext, err == nil
}

// additionalData is the header and the pairs of the context in the order of their keys, each with its length.
func additionalData(header []byte, context map[string]string) []byte {
	data := slices.Clone(header)
	for _, name := range slices.Sorted(maps.Keys(context)) {
		for _, text := range []string{name, context[name]} {
			data = binary.BigEndian.AppendUint32(data, uint32(len(text))) //nolint:gosec // a request is far shorter
			data = append(data, text...)
		}
	}
	return data
}
