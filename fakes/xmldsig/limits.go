package xmldsig

import "bytes"

// Limits of the documents that are read at all. A genuine response of Okta or Entra ID has some 130 tokens, is 9 levels
// deep and 9 KB long; its elements have at most 8 attributes, declarations included, and 12 declarations are in force
// at once.
const (
	maxTokens = 5000
	maxDepth  = 32
	maxAttrs  = 32 // attributes and namespace declarations of an element
	maxScope  = 64 // namespace declarations in force at an element

	// Bytes of a namespace's URI: a canonical form declares it anew wherever it is used.
	maxURI = 256
)

// checkAttrs counts the attributes of every tag by their quotes, before any of them is read: what compares them costs
// the square of their number. Quotes mean nothing else in the tags of this dialect, which has no comments or the like.
func checkAttrs(body []byte) error {
	for {
		open := bytes.IndexByte(body, '<')
		if open < 0 {
			return nil
		}
		body = body[open+1:]
		for attrs := 0; ; attrs++ {
			i := bytes.IndexAny(body, `"'>`)
			if i < 0 {
				return errMalformed
			}
			if body[i] == '>' {
				break
			}
			if attrs == maxAttrs {
				return errAttributes
			}
			end := bytes.IndexByte(body[i+1:], body[i])
			if end < 0 {
				return errMalformed
			}
			body = body[i+1+end+1:]
		}
	}
}
