import type { ShortText } from './short-text.ts';

/** Findings about relays. */
export const RELAY_ZH: Readonly<Record<string, ShortText>> = {
  'relay.not-turn': {
    title: '是 STUN 服务器，但不是 TURN 服务器',
    detail:
      '{endpoint}（{transport}）支持 STUN，但[[?errorCode 以 {errorCode} {reason} 应答 Allocate]][[?silent 对 Allocate 沉默 {waitedMs}]][[（服务器 {software}）]]',
    fix: '在那里启用 TURN（coturn：去掉 stun-only），或使用 TURN 服务器的 URL；就目前而言请写 stun:',
  },
  'relay.redirect-loop': {
    title: '服务器让我们兜圈子',
    detail: '{problem}',
    fix: '修正重定向（coturn：alternate-server）：必须有一台服务器提供服务',
  },
  'relay.quota': {
    title: '分配配额已用完',
    detail: '{endpoint}：486 {reason}[[（用户 {username}）]]',
    fix: '调高配额（coturn：user-quota、total-quota），或查找不释放分配的客户端',
  },
  'relay.capacity': {
    title: '服务器没有可用的中继端口',
    detail: '{endpoint}：508 {reason}',
    fix: '扩大中继端口范围（coturn：min-port、max-port；防火墙和 Docker 也要一致），或查找从不释放的分配',
  },
  'relay.udp-unsupported': {
    title: '服务器不中继 UDP',
    detail: '{endpoint}：442 {reason}',
    fix: '允许 UDP 中继（coturn：去掉 no-udp-relay）；WebRTC 只需要它',
  },
  'relay.mismatch': {
    title: '服务器认为我们已有分配',
    detail: '{endpoint}：437 {reason}，换新端口也一样',
    fix: '等待旧分配过期（最多 10 分钟）；如果仍然如此，则是服务器前的负载均衡器或 NAT 使客户端看起来相同',
  },
  'relay.family-unsupported': {
    title: '服务器不中继 IPv{family}',
    detail: '{endpoint}：{errorCode} {reason}',
    fix: '如果对端需要，请配置该地址族的中继地址（coturn：relay-ip）',
  },
  'relay.private-address': {
    title: '中继给出的地址外部无法到达',
    detail: '服务器 {server} 从 {relayed}（{kind}）中继',
    fix: '告诉服务器它的公网地址（coturn：external-ip=公网/私网；Kubernetes：hostNetwork 或节点的外部 IP）',
  },
  'relay.address-wrong': {
    title: '中继不在它所公布的地址上',
    detail: '数据来自 {real}，公布的是 {advertised}，发往后者的数据从未到达',
    fix: '更正公网地址（coturn：external-ip）',
  },
  'relay.port-range-mismatch': {
    title: '部分中继端口可通数据，其他端口始终不通',
    detail: '在 {tried} 个端口中，{dead} 不通；{alive} 可通',
    fix: '让防火墙和 Docker 放行服务器的整个端口范围（coturn：min-port、max-port；默认 49152-65535）',
  },
  'relay.no-data': {
    title:
      '[[?both 中继可以分配，但没有数据通过]][[?outward 中继可以分配，但不向对端发送]][[?inward 中继可以分配，但不转发来自对端的数据]]',
    detail: '经由 {relayed}，每个方向 10 个以上数据包：',
    fix: '在中继端口上允许 UDP 进出（coturn：49152-65535，或 min-port 至 max-port）：主机防火墙、云防火墙、Docker 端口范围',
  },
  'relay.inbound-blocked': {
    title: '中继可以分配，但对端无法先向它发送',
    detail: '有状态防火墙丢弃发往 {relayed} 中继端口的新 UDP：',
    fix: '允许入站 UDP min-port..max-port（coturn：49152-65535）：云防火墙、主机防火墙、Docker 端口范围',
  },
  'relay.channel-fails': {
    title: '通道已绑定，但不传数据',
    detail:
      '{endpoint}：ChannelBind 成功，{sent} 个 ChannelData 消息到达 {received} 个[[?indications ；Send indication 可以]]',
    fix: '更新或更换服务器：浏览器用 ChannelData 发送媒体',
  },
  'relay.refresh-fails': {
    title: '分配无法保持',
    detail: '{endpoint}：[[?zero Refresh 得到的有效期为 0，分配随即结束]][[Refresh 失败：{problem}]]',
    fix: '更新或更换服务器；每个分配都会结束[[（{lifetimeSeconds} 后）]]',
  },
  'relay.ends-early': {
    title: '中继可用，但其 {what} 在 {afterSeconds} 后结束',
    detail: '{endpoint}：{why}',
    fix: '[[?server 检查服务器的各种寿命（coturn：max-allocate-lifetime、permission-lifetime、channel-lifetime）以及是否重启]][[?onPath 检查前面保存状态的设备：负载均衡器、代理、防火墙、NAT]]',
  },
  'relay.idle-closed': {
    title: '与服务器的连接在空闲时中断',
    detail: '{transport}：空闲 {idleSeconds} 后不再有任何数据通过',
    fix: '调大服务器前的负载均衡器或防火墙的空闲超时（AWS NLB：350 s；许多代理：60 s）',
  },
  'relay.peer-forbidden': {
    title: '服务器拒绝中继到[[?own 我们自己的公网地址]][[?server 它自己的中继地址]][[?expected 私有地址，理应如此]]',
    detail: '对 {peers} 返回 403',
    fix: '[[?own 允许该地址（coturn：allowed-peer-ip；检查 denied-peer-ip）；]][[?server 允许它（coturn：allowed-peer-ip=中继地址），使两个客户端可以在同一中继上相连；]][[?expected 无需处理：这保护了服务器所在的网络]]',
  },
  'relay.open-to-private': {
    title: '可以利用该中继到达私有地址',
    detail: '对 {peers} 授予了许可[[；到达了 {reached}]]',
    fix: '拒绝它们（coturn：denied-peer-ip=10.0.0.0-10.255.255.255 等、no-loopback-peers、no-multicast-peers；必须放行的用 allowed-peer-ip）',
  },
  'relay.bandwidth-capped': {
    title: '中继只通过 {offeredKbps} kbit/s 中的 {deliveredKbps}',
    detail: '发送 {offeredKbps} kbit/s，到达 {deliveredKbps}',
    fix: '调高服务器的限制（coturn：max-bps、bps-capacity）；如果没有限制，则受限于路径',
  },
  'relay.feature-fails': {
    title: '服务器答应了却没有做到',
    detail: '{endpoint}：{told}',
    fix: '如果没有人需要（浏览器不需要）就不必处理；否则也为 TCP 放行中继端口，为每个地址族提供可用的中继地址，或更新服务器',
  },
  'relay.slow-allocate': {
    title: '一次分配需要 {tookMs}',
    detail: '{endpoint}：质询和分配用了 {tookMs}[[，往返时间为 {rttMs}]]（限值 {limitMs}）',
    fix: '查看服务器的负载及其用户数据库（coturn：背后的 Redis 或 SQL）',
  },
  'relay.redirected': {
    title: '服务器让我们去另一台服务器',
    detail: '{endpoint} 返回 300（Try Alternate）：{to}',
    fix: '如果是有意为之则无需处理；每次分配多一次往返',
  },
};
