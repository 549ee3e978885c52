package queue

// KindGap marks a record whose body is a Gap. Other kinds belong to the caller.
const KindGap uint8 = 255

// Record is one row of the queue.
type Record struct {
	Seq       uint64
	ID        [16]byte // random; tells a re-used sequence from a repeated one
	Kind      uint8
	CreatedMs int64
	Body      []byte
}

// Item is a record to be.
type Item struct {
	Kind uint8
	Body []byte
}

// recordOverhead is what a row counts beside its body: key, id, time and
// SQLite's cell, rounded up.
const recordOverhead = 64

func cost(bodyLen int) int64 { return int64(bodyLen) + recordOverhead }
