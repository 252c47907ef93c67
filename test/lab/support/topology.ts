/**
 * Namespaces, the cables between them and what stands in each, as data: built up by the recipes, rendered once into one
 * shell script, so that a network of ten hosts is up in a fraction of a second.
 */
export class Topology {
  readonly #hosts = new Map<string, Host>();
  readonly #links: string[] = [];

  /** The host of that name, made at first mention. */
  host(name: string): Host {
    let host = this.#hosts.get(name);
    if (host === undefined) {
      host = new Host(name);
      this.#hosts.set(name, host);
    }
    return host;
  }

  get hosts(): readonly string[] {
    return [...this.#hosts.keys()];
  }

  /** A cable: two Ethernet ends, both up. */
  link(a: string, interfaceA: string, b: string, interfaceB: string): void {
    this.#links.push(`link add ${interfaceA} netns ${a} type veth peer name ${interfaceB} netns ${b}`);
    this.host(a).up(interfaceA);
    this.host(b).up(interfaceB);
  }

  render(): string {
    const make = [...this.hosts.map((name) => `netns add ${name}`), ...this.#links];
    return [heredoc('ip -batch -', make.join('\n'), 'MAKE'), ...[...this.#hosts.values()].map((h) => h.render())].join(
      '\n',
    );
  }
}

/** What stands in one namespace. Every method takes the words of the program that will read them. */
export class Host {
  readonly name: string;
  readonly #early: string[] = [];
  readonly #ip: string[] = ['link set lo up'];
  readonly #nft: string[] = [];
  readonly #shell: string[] = [];

  constructor(name: string) {
    this.name = name;
  }

  up(device: string): void {
    this.#ip.push(`link set ${device} up`);
  }

  /** Address with prefix length. */
  address(device: string, address: string): void {
    const family6 = address.includes(':');
    this.#ip.push(`addr add ${address} dev ${device}${family6 ? ' nodad' : ''}`);
  }

  /** The words after `ip route add`. */
  route(words: string): void {
    this.#ip.push(`route add ${words}`);
  }

  /** One line of `ip -batch`. */
  ip(line: string): void {
    this.#ip.push(line);
  }

  /** A line of `ip -batch` that must run before links come up (devices that exist in this namespace only). */
  device(line: string): void {
    this.#early.push(line);
  }

  /** A sysctl by its path below /proc/sys. */
  sysctl(path: string, value: number | string): void {
    this.#shell.push(`echo ${value} > /proc/sys/${path}`);
  }

  forwards(): void {
    this.sysctl('net/ipv4/ip_forward', 1);
    this.sysctl('net/ipv6/conf/all/forwarding', 1);
  }

  nft(rules: string): void {
    this.#nft.push(rules);
  }

  render(): string {
    const lines = [
      // Duplicate address detection would keep each IPv6 address unusable for a second; reverse path filters would
      // drop what two uplinks make asymmetric; a bridge must not pass its frames through the IP hooks.
      'for f in /proc/sys/net/ipv6/conf/*/accept_dad /proc/sys/net/ipv4/conf/*/rp_filter /proc/sys/net/bridge/bridge-nf-call-*; do [ ! -e $f ] || echo 0 > $f; done',
      ...this.#shell,
      heredoc('ip -batch -', [...this.#early, ...this.#ip].join('\n'), 'ADDRESSES'),
    ];
    if (this.#nft.length > 0) lines.push(heredoc('nft -f -', this.#nft.join('\n'), 'RULES'));
    return heredoc(`ip netns exec ${this.name} sh -e`, lines.join('\n'), `HOST_${this.name.replaceAll('-', '_')}`);
  }
}

function heredoc(command: string, text: string, mark: string): string {
  return `${command} <<'${mark}'\n${text}\n${mark}`;
}
