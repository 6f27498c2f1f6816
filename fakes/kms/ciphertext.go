package kms

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/rand"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"maps"
	"slices"
	"time"
)

// A ciphertext blob is a version byte, the number of the key material in two bytes, the length of the key id in one,
// the key id, the nonce, and what AES-256-GCM makes of the plaintext. The encryption context is authenticated but not
// in it.
const (
	blobVersion = 2
	blobStart   = 4    // bytes before the key id
	maxBlob     = 6144 // bytes, of KMS's Decrypt
)

// material is what a key seals with; after a rotation, what it only opens with.
type material struct {
	id       string // 64 hex digits
	aead     cipher.AEAD
	rotated  time.Time // when it came; zero for the first
	onDemand bool
}

// newMaterial makes one of 32 random bytes.
func newMaterial(rotated time.Time, onDemand bool) material {
	var secret [32]byte
	_, _ = rand.Read(secret[:]) // never returns an error
	block, err := aes.NewCipher(secret[:])
	if err != nil {
		panic("kms: " + err.Error()) // 32 bytes always make a key
	}
	aead, err := cipher.NewGCM(block)
	if err != nil {
		panic("kms: " + err.Error()) // AES always makes a GCM
	}
	id := sha256.Sum256(secret[:])
	return material{id: hex.EncodeToString(id[:]), aead: aead, rotated: rotated, onDemand: onDemand}
}

// current is the material that seals.
func (k *key) current() material { return k.materials[len(k.materials)-1] }

// seal encrypts under the key, bound to the encryption context.
func (k *key) seal(plaintext []byte, context map[string]string) []byte {
	aead := k.current().aead
	header := []byte{blobVersion}
	header = binary.BigEndian.AppendUint16(header,
		uint16(len(k.materials)-1)) //nolint:gosec // rotations are counted in years
	header = append(append(header, byte(len(k.id))), k.id...)
	blob := make([]byte, 0, len(header)+aead.NonceSize()+len(plaintext)+aead.Overhead())
	blob = append(blob, header...)
	blob = blob[:len(header)+aead.NonceSize()]
	nonce := blob[len(header):]
	_, _ = rand.Read(nonce) // never returns an error
	return aead.Seal(blob, nonce, plaintext, additionalData(header, context))
}

// blob is a ciphertext blob, taken apart.
type blob struct {
	keyID    string
	material int
	header   []byte
	rest     []byte // nonce and sealed text
}

func parseBlob(data []byte) (blob, bool) {
	if len(data) < blobStart || len(data) > maxBlob || data[0] != blobVersion || len(data) < blobStart+int(data[3]) {
		return blob{}, false
	}
	end := blobStart + int(data[3])
	return blob{
		keyID: string(data[blobStart:end]), material: int(binary.BigEndian.Uint16(data[1:])),
		header: data[:end], rest: data[end:],
	}, true
}

// open decrypts a blob that was sealed under the key in the same encryption context, and tells by which material.
func (k *key) open(b blob, context map[string]string) (plaintext []byte, materialID string, ok bool) {
	if b.material >= len(k.materials) {
		return nil, "", false
	}
	m := k.materials[b.material]
	if len(b.rest) < m.aead.NonceSize() {
		return nil, "", false
	}
	nonce, sealed := b.rest[:m.aead.NonceSize()], b.rest[m.aead.NonceSize():]
	plaintext, err := m.aead.Open(nil, nonce, sealed, additionalData(b.header, context))
	return plaintext, m.id, err == nil
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
