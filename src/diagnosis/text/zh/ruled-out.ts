import type { RuledOutText } from '../table.ts';

export const RULED_OUT_ZH: Readonly<Record<string, RuledOutText>> = {
  'no-network': { cause: '本机网络', because: '同一次运行中其他目标有应答[[：{control}]]' },
  'silent-firewall': { cause: '丢弃数据包的防火墙', because: '收到了拒绝' },
  'local-egress': { cause: '本地出口', because: '同样的数据包在必经之处可以通过' },
  'own-place': { cause: '本地出口', because: '从另一处看也是如此[[：{outside}]]' },
  'relay-ports': { cause: '服务器的防火墙', because: '从另一处可以到达中继端口' },
  'blocked-udp': { cause: '本地阻断 UDP', because: 'UDP 在别处可以通过[[：{control}]]' },
  'unreachable-server': { cause: '网络路径', because: '服务器有应答' },
  'stale-nonce': { cause: 'nonce 失效', because: '它来自刚才的质询' },
  'expired-credential': { cause: '凭据过期', because: '按本机时钟尚未到期' },
  'network-path': { cause: '网络路径', because: '同一地址和端口应答 STUN' },
  'resolver-down': { cause: '解析器失效', because: '它有应答' },
  loss: { cause: '丢包', because: '[[连续 {requests} 个请求没有应答]]' },
  'wrong-host': { cause: '主机失效', because: '拒绝来自它或它前面的防火墙' },
  'client-clock': { cause: '本机时钟错误', because: '服务器时钟一致' },
  'external-ip': { cause: 'external-ip', because: '对端看到的是 {relayed}，与公布的一致' },
  permission: { cause: '许可', because: '没有 403' },
  'relay-path': { cause: '中继之后的路径', because: '同样的数据以 Send indication 可以通过' },
};
