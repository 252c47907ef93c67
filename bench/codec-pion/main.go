// The codec of pion, at the work that bench/codec.ts gives to the others: a Binding answer encoded, decoded and its address
// read; a connectivity check with MESSAGE-INTEGRITY and FINGERPRINT, both verified. Runs a second, in JSON, the best of 8 rounds.
package main

import (
	"encoding/json"
	"net"
	"os"
	"time"

	"github.com/pion/stun"
)

func main() {
	id := stun.NewTransactionIDSetter([stun.TransactionIDSize]byte{0xb7, 0xe7, 0xa7, 1, 0xbc, 0x34, 0xd6, 0x86, 0xfa, 0x87, 0xdf, 0xae})
	software := stun.NewSoftware("iceprobe")
	mapped := &stun.XORMappedAddress{IP: net.IPv4(192, 0, 2, 1), Port: 32853}
	answer := func() {
		built, err := stun.Build(id, stun.BindingSuccess, mapped, software)
		check(err)
		decoded := &stun.Message{Raw: append([]byte{}, built.Raw...)}
		check(decoded.Decode())
		var read stun.XORMappedAddress
		check(read.GetFrom(decoded))
	}
	integrity := stun.NewShortTermIntegrity("VOkJxbRl1RmTxUk/WvJxBt")
	username := stun.NewUsername("evtj:h6vY")
	priority := stun.RawAttribute{Type: stun.AttrPriority, Value: []byte{0x6e, 0, 1, 0xff}}
	controlling := stun.RawAttribute{Type: stun.AttrICEControlling, Value: []byte{0x93, 0x2f, 0xf9, 0xb1, 0x51, 0x26, 0x3b, 0x36}}
	request := func() {
		built, err := stun.Build(id, stun.BindingRequest, username, priority, controlling, integrity, stun.Fingerprint)
		check(err)
		decoded := &stun.Message{Raw: append([]byte{}, built.Raw...)}
		check(decoded.Decode())
		check(stun.Fingerprint.Check(decoded))
		check(integrity.Check(decoded))
	}
	check(json.NewEncoder(os.Stdout).Encode(map[string]float64{"answer": best(answer), "check": best(request)}))
}

func best(work func()) float64 {
	most := 0.0
	for round := 0; round < 8; round++ {
		start, runs := time.Now(), 0
		for time.Since(start) < 150*time.Millisecond {
			for i := 0; i < 64; i++ {
				work()
			}
			runs += 64
		}
		most = max(most, float64(runs)/time.Since(start).Seconds())
	}
	return most
}

func max(a, b float64) float64 {
	if a > b {
		return a
	}
	return b
}

func check(err error) {
	if err != nil {
		panic(err)
	}
}
