package receive

import "encoding/binary"

// A decoded element takes up to elementSize bytes of memory, though it may have two in the request. So both are
// limited: a request whose elements would take more than maxDecoded is refused before it is decoded.
const (
	elementSize = 200
	maxDecoded  = 96 << 20
)

// tooMany reports whether decoding a body would take too much memory.
func tooMany(body []byte, isJSON bool) bool {
	count := inProto(body, request, 0)
	if isJSON {
		count = inJSON(body)
	}
	return len(body)+count*elementSize > maxDecoded
}

// inJSON counts objects and lists.
func inJSON(body []byte) (n int) {
	quoted := false
	for i := 0; i < len(body); i++ {
		switch c := body[i]; {
		case quoted && c == '\\':
			i++
		case c == '"':
			quoted = !quoted
		case !quoted && (c == '{' || c == '['):
			n++
		}
	}
	return n
}

// The messages of an ExportLogsServiceRequest that can be repeated or nested, with the fields that hold others:
// https://github.com/open-telemetry/opentelemetry-proto, logs.proto and common.proto.
type message map[uint32]message

var (
	anyValue = message{5: {}, 6: {}} // its lists hold values again, see init
	keyValue = message{2: anyValue}
	request  = message{1: {
		1: {1: keyValue},
		2: {1: {3: keyValue}, 2: {5: anyValue, 6: keyValue}},
	}}
)

func init() { anyValue[5][1], anyValue[6][1] = anyValue, keyValue }

// inProto counts messages. What is not protobuf is left to the decoder, which takes the field numbers modulo 2^32, and
// numbers that are too long for binary.Uvarint: what follows one of these may be any number of messages.
func inProto(b []byte, of message, depth int) (n int) {
	for len(b) > 0 && depth < 100 {
		tag, size := binary.Uvarint(b)
		b = b[max(size, 0):]
		length, more := uint64(0), 0
		switch tag & 7 {
		case 0:
			_, more = binary.Uvarint(b)
		case 1:
			length = 8
		case 2:
			length, more = binary.Uvarint(b)
		case 5:
			length = 4
		}
		b = b[max(more, 0):]
		if size < 0 || more < 0 {
			return n + len(b)/2
		}
		if size == 0 || length > uint64(len(b)) { // it is cut off
			return n
		}
		if inner, ok := of[uint32(tag>>3)]; ok && tag&7 == 2 {
			n += 1 + inProto(b[:length], inner, depth+1)
		}
		b = b[length:]
	}
	return n
}
