// nat64 translates between IPv6 and IPv4 as a mobile carrier does (RFC 7915, RFC 6146): packets to 64:ff9b::/96 leave with
// the IPv4 address in their last four bytes as destination and a private source address, which the router's own NAT then
// makes public. UDP, TCP and echoes of ICMP; no fragments.
//
//	nat64 -device nat64 -client6 2001:db8:1:1::10 -client4 10.64.0.10
package main

import (
	"encoding/binary"
	"flag"
	"fmt"
	"net"
	"os"
	"syscall"
	"unsafe"
)

const (
	tunDevice    = 0x0001 // IFF_TUN
	noPacketInfo = 0x1000 // IFF_NO_PI
	setInterface = 0x400454ca

	protocolICMP   = 1
	protocolTCP    = 6
	protocolUDP    = 17
	protocolICMPv6 = 58
)

var prefix = net.ParseIP("64:ff9b::").To16()

func main() {
	device := flag.String("device", "nat64", "TUN device, made beforehand")
	client6 := flag.String("client6", "", "the client's address")
	client4 := flag.String("client4", "", "what stands for it in IPv4")
	flag.Parse()
	inside6, inside4 := net.ParseIP(*client6).To16(), net.ParseIP(*client4).To4()
	fd := open(*device)
	fmt.Println("ready")
	go endWithInput()
	buffer := make([]byte, 65536)
	for {
		length, err := syscall.Read(fd, buffer)
		check(err)
		var out []byte
		switch buffer[0] >> 4 {
		case 6:
			out = to4(buffer[:length], inside6, inside4)
		case 4:
			out = to6(buffer[:length], inside6, inside4)
		}
		if out != nil {
			// What the kernel does not take (a device that is down) is lost, as on any line.
			_, _ = syscall.Write(fd, out)
		}
	}
}

// to4 makes an IPv4 packet of an IPv6 one from the client to the prefix; nil for anything else.
func to4(packet []byte, inside6, inside4 net.IP) []byte {
	if len(packet) < 40 || !net.IP(packet[8:24]).Equal(inside6) || string(packet[24:36]) != string(prefix[:12]) {
		return nil
	}
	protocol, payload := packet[6], append([]byte(nil), packet[40:]...)
	hops := packet[7]
	if hops <= 1 {
		return nil
	}
	out := make([]byte, 20, 20+len(payload))
	out[0] = 0x45
	out[1] = packet[0]<<4 | packet[1]>>4
	binary.BigEndian.PutUint16(out[2:], uint16(20+len(payload)))
	out[6] = 0x40 // don't fragment: IPv6 routers never do
	out[8] = hops - 1
	copy(out[12:], inside4)
	copy(out[16:], packet[36:40])
	if protocol == protocolICMPv6 {
		protocol = protocolICMP
	}
	out[9] = protocol
	if !translate(payload, protocol, sum(packet[8:40]), sum(out[12:20])) {
		return nil
	}
	binary.BigEndian.PutUint16(out[10:], ^fold(sum(out)))
	return append(out, payload...)
}

// to6 is the way back.
func to6(packet []byte, inside6, inside4 net.IP) []byte {
	if len(packet) < 20 || !net.IP(packet[16:20]).Equal(inside4) || packet[8] <= 1 {
		return nil
	}
	header := int(packet[0]&15) * 4
	total := int(binary.BigEndian.Uint16(packet[2:]))
	fragment := binary.BigEndian.Uint16(packet[6:])&0x3fff != 0
	if header < 20 || total < header || total > len(packet) || fragment {
		return nil
	}
	payload := append([]byte(nil), packet[header:total]...)
	protocol := packet[9]
	if protocol == protocolICMP {
		protocol = protocolICMPv6
	}
	out := make([]byte, 40, 40+len(payload))
	out[0] = 0x60
	binary.BigEndian.PutUint16(out[4:], uint16(len(payload)))
	out[6], out[7] = protocol, packet[8]-1
	copy(out[8:], prefix[:12])
	copy(out[20:], packet[12:16])
	copy(out[24:], inside6)
	if !translate(payload, protocol, sum(packet[12:20]), sum(out[8:40])) {
		return nil
	}
	return append(out, payload...)
}

// translate mends the transport checksum for the new pseudo-header (RFC 1624), and the type of an echo.
func translate(payload []byte, protocol byte, before, after uint32) bool {
	switch {
	case protocol == protocolUDP && len(payload) >= 8:
		mend(payload[6:8], before, after)
	case protocol == protocolTCP && len(payload) >= 20:
		mend(payload[16:18], before, after)
	case (protocol == protocolICMP || protocol == protocolICMPv6) && len(payload) >= 8:
		return echo(payload, protocol == protocolICMP, before, after)
	default:
		return false
	}
	return true
}

// echo turns an echo of one family into that of the other. ICMP has no pseudo-header, ICMPv6 has one.
func echo(payload []byte, to4 bool, before, after uint32) bool {
	types := map[byte]byte{8: 128, 0: 129}
	if to4 {
		types = map[byte]byte{128: 8, 129: 0}
	}
	changed, known := types[payload[0]]
	if !known {
		return false
	}
	pseudo := uint32(len(payload)) + protocolICMPv6
	old, fresh := uint32(payload[0])<<8, uint32(changed)<<8
	payload[0] = changed
	if to4 {
		mend(payload[2:4], before+pseudo+old, fresh)
	} else {
		mend(payload[2:4], old, after+pseudo+fresh)
	}
	return true
}

func mend(checksum []byte, before, after uint32) {
	old := uint32(^binary.BigEndian.Uint16(checksum))
	changed := ^fold(old + uint32(^fold(before)) + uint32(fold(after)))
	binary.BigEndian.PutUint16(checksum, changed)
}

func sum(bytes []byte) uint32 {
	var total uint32
	for i := 0; i+1 < len(bytes); i += 2 {
		total += uint32(binary.BigEndian.Uint16(bytes[i:]))
	}
	return total
}

func fold(total uint32) uint16 {
	for total > 0xffff {
		total = total>>16 + total&0xffff
	}
	return uint16(total)
}

func open(device string) int {
	fd, err := syscall.Open("/dev/net/tun", syscall.O_RDWR|syscall.O_CLOEXEC, 0)
	check(err)
	var request [40]byte // struct ifreq
	copy(request[:syscall.IFNAMSIZ-1], device)
	binary.LittleEndian.PutUint16(request[syscall.IFNAMSIZ:], tunDevice|noPacketInfo)
	_, _, errno := syscall.Syscall(syscall.SYS_IOCTL, uintptr(fd), setInterface, uintptr(unsafe.Pointer(&request[0])))
	if errno != 0 {
		check(errno)
	}
	return fd
}

// endWithInput: whoever started us holds our standard input open for as long as we are wanted.
func endWithInput() {
	buffer := make([]byte, 1)
	for {
		if _, err := os.Stdin.Read(buffer); err != nil {
			os.Exit(0)
		}
	}
}

func check(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, "nat64:", err)
		os.Exit(1)
	}
}
