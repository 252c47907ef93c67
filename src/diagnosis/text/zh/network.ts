import type { ShortText } from './short-text.ts';

/** Findings about names, the network, NATs and gathering. */
export const NETWORK_ZH: Readonly<Record<string, ShortText>> = {
  'net.no-network': {
    title: '本机没有网络',
    detail: '没有接口拥有可用地址：{interfaces}',
    fix: '连接网络；在容器中请为其提供网络（docker run 不要使用 --network none）',
  },
  'net.captive-portal': {
    title: '有人冒充服务器应答：强制门户',
    detail: '{hosts} 都显示同一个陌生应答者：{face}',
    fix: '打开网页登录该网络，然后再次运行',
  },
  'net.lost-midway': {
    title: '测试途中失去[[?network 网络]][[?server {host}]]',
    detail: '{endpoints} 起初有应答，此后没有（{problem}）[[；{others} 仍有应答]]',
    fix: '[[?network 检查本机的连接（网线、Wi-Fi、VPN）]][[?server 查看 {host} 是否重启或封禁了本机地址]]，然后重新运行',
  },
  'net.proxy-required': {
    title: '此网络只允许经由代理访问外部',
    detail: '配置了代理 {proxy}，而到 {hosts} 的直接连接没有应答',
    fix: '浏览器中的 WebRTC 可以为 TCP 上的 turns: 和 turn: 使用代理；如需直接连接，请为 TURN 服务器申请例外',
  },
  'net.only-443': {
    title: '此网络只放行 TCP 443 端口',
    detail: '{silent} 没有应答[[；{survivors} 可用]]',
    fix: '[[?survivors 无需处理：该 URL 可以承载呼叫，请保留；]]这类网络放行的是 443 上的 TURN over TLS（turns:HOST:443?transport=tcp）',
  },
  'net.udp-blocked': {
    title: 'UDP 在这里无法通过',
    detail: '{silent} 对 UDP 没有应答[[?requests （各发送 {requests} 个请求）]]，而 {answered} 有应答',
    fix: '[[?relayed TCP 或 TLS 中继可以承载呼叫，但延迟更大；]]在此网络的防火墙中允许 UDP 出站，或提供 TCP 和 TLS 上的 TURN',
  },
  'net.egress-filtered': {
    title: '此网络不放行发往中继端口的 UDP',
    detail: '发往 {relayed}：我方到达 {ours}，另一处到达 {theirs}',
    fix: '在此网络的防火墙中允许 UDP 出站到服务器的中继端口（coturn：49152-65535）',
  },
  'net.udp-silent-here': {
    title: '{host} 对 UDP 沉默，对 TCP 有应答',
    detail:
      'UDP {endpoint} 没有应答[[?requests （{requests} 个请求）]]；{answered} 有应答，且到 {control} 的 UDP 可以通过',
    fix: '在服务器上开放 UDP {port}：Docker 还需要 -p {port}:{port}/udp，负载均衡器需要 UDP 监听器，Kubernetes 的 Service 需要 protocol: UDP，云防火墙需要 UDP 规则',
  },
  'net.port-blocked': {
    title: '服务器的 {protocol} 端口 {port} 被阻断',
    detail: '{endpoint} 在 {waitedMs} 内没有应答，而 {answered} 有应答',
    fix: '在服务器防火墙和云防火墙中允许 {protocol} {port}；如果从别处可用，则是本网络阻断了该端口',
  },
  'net.nat64-literal': {
    title: 'URL 中是 IPv4 地址，而此网络只有 IPv6',
    detail: '{url} 写的是 {address}；网络转换的是名称（NAT64），不是地址',
    fix: '请写服务器名称而不是地址',
  },
  'net.unreachable': {
    title: '没有到 {host} 的路由',
    detail: '{endpoint}：{tookMs} 后得到 {error}[[?local ：本机没有 IPv{family} 路由]]',
    fix: '[[?local 为本机配置 IPv{family} 默认路由，或去掉该服务器；]]检查地址和路由',
  },
  'net.reply-from-elsewhere': {
    title: '应答来自另一个地址',
    detail: '询问的是 {endpoint}，应答来自 {answerFrom}；客户端必须忽略它',
    fix: '让服务器绑定到它的每个地址（coturn：listening-ip），或让负载均衡器保持地址：返回流量必须按原路返回',
  },
  'net.not-a-stun-server': {
    title: '那里应答的是 [[{protocol}]][[?firstBytes 别的东西]]，不是 STUN',
    detail: '{endpoint}（{transport}）[[说的是 “{says}”]][[以字节 {firstBytes} 应答]]',
    fix: '更正端口；如果那里是反向代理或负载均衡器，请将 TCP（和 UDP）直接转发给 TURN 服务器，而不是使用 HTTP',
  },
  'net.one-address-bad': {
    title: '{host} 的 {count} 个地址中有一个不可用',
    detail: '{address} 失败（{stage}：{problem}），而 {working} 可用',
    fix: '修复或移除 {address}：在其恢复之前从 DNS 中删除',
  },
  'net.refused': {
    title: '服务器的 {protocol} 端口 {port} 上没有程序监听',
    detail: '{endpoint} 在 {tookMs} 后拒绝了 {protocol}',
    fix: '启动服务器，或更正端口（TURN：3478，TLS：5349）；如果它已在运行，则是前面的设备拒绝了：开放 {protocol} {port}',
  },
  'net.tls-filtered': {
    title: 'TLS 握手被切断[[?webPassed ，而网页浏览器的握手可以通过]]',
    detail: '{endpoint} 接受 TCP 连接：{how}',
    fix: '[[?webPassed 有防火墙检查 TLS：请为 TURN 服务器申请例外，或以其允许的名称在 443 上提供服务；]]看看同一 URL 在另一个网络中是否可用',
  },
  'net.server-silent': {
    title: '{host} 没有应答',
    detail: '{endpoints} 在 {waitedMs} 内没有应答[[?requests （各 {requests} 个请求）]][[；同时 {control} 有应答]]',
    fix: '检查服务器是否运行、其防火墙和云防火墙是否放行该端口；再检查本网络是否放行',
  },
  'net.ipv6-broken': {
    title: '这里的 IPv6 不通',
    detail: '本机有全局 IPv6 地址（{interfaces}），但 {endpoints} 没有任何返回；{control} 通过 IPv4 应答',
    fix: '修复此网络的 IPv6 路由，或在本机关闭 IPv6',
  },
  'net.aaaa-not-served': {
    title: '{host} 有 IPv6 地址却不提供服务',
    detail: '{endpoint} [[?refused 拒绝]][[?control 沉默，而到 {control} 的 IPv6 可用]]；IPv4 可用',
    fix: '让服务器监听 IPv6（coturn：listening-ip={address}；Docker：发布到 ::），或删除 AAAA 记录',
  },
  'net.nodes-differ': {
    title: '{host} 的各个地址是不同的服务器',
    detail: '它们的 {differing} 不同：{nodes}',
    fix: '让它们使用相同的 realm、版本和密钥',
  },
  'net.rate-limited': {
    title: '{host} 只放行一阵数据包中最先的几个：有速率限制',
    detail: '[[{withinMs} 内]]发出 {sent} 个数据包，通过 {answered} 个，几乎都是最先的，之后又能通过',
    fix: '为 STUN 和 TURN 提高服务器（coturn：max-bps）或其前面防火墙的限制；同一 NAT 后的许多用户共用一个地址',
  },
  'net.high-loss': {
    title: '丢包 {lossPercent}',
    detail: '经由中继的 {sent} 个数据报丢失了 {lost} 个（限值 {limitPercent}）',
    fix: '看看另一个网络或另一个中继是否更好；无线和过载的线路会丢包',
  },
  'net.high-latency': {
    title: '到 {host} 的往返需要 {rttMs}',
    detail: '[[?relayed 以经由中继的数据测得]]（限值 {limitMs}）',
    fix: '使用离用户更近的中继；途中的 VPN 或卫星链路也会增加延迟',
  },
  'net.jitter': {
    title: '延迟变化 {jitterMs}',
    detail: '经由中继的相邻数据包之间[[；95 % 在 {p95Ms} 内]]（限值 {limitMs}）',
    fix: '看看另一个网络或中继是否更稳定；无线链路和拥塞队列会引起抖动',
  },
  'net.path-mtu': {
    title: '大数据包丢失，小数据包通过',
    detail: '{largest} 字节的数据报可以通过，{smallest} 字节的从未通过（{transport}）',
    fix: '放行 ICMP “fragmentation needed” 和 “packet too big” 以及分片；或降低途中隧道或 VPN 的 MTU',
  },
  'net.vpn-route': {
    title: '路径经过 VPN',
    detail: '有应答的目标经由 {interfaces} 到达',
    fix: '没有问题；如需查看不经 VPN 的路径，请使用 --interface 或断开 VPN',
  },
  'net.same-site': {
    title: '[[?machine 服务器就在本机]][[?site 服务器就在本地网络]][[?nat 服务器在同一个 NAT 之后]]',
    detail: '{host} 是 {address}：在这里看到的不能说明外部用户的情况',
    fix: '也请从另一个网络运行',
  },
  'dns.not-found': {
    title: '名称 {host} [[?noName 不存在]][[?noData 没有地址]]',
    detail: '解析器[[（{resolvers}）]]表示[[?noName 没有这个名称]][[?noData 没有 A 和 AAAA 记录]]',
    fix: '检查拼写；如果无误，请创建 A 或 AAAA 记录，或询问知道该名称的网络的解析器',
  },
  'dns.resolver-down': {
    title: '域名服务器没有应答',
    detail: '[[?silent 在 {waitedMs} 内没有应答]][[?refused 查询被拒绝]]：{hosts}[[（{resolvers}）]]',
    fix: '修复本机或网络设置中的解析器（Linux：/etc/resolv.conf，resolvectl status），或先用服务器地址测试',
  },
  'dns.no-usable-family': {
    title: '{host} 只有 {record} 记录，而本机没有 IPv{lacking}',
    detail: '地址：{addresses}；本机只有 IPv{usable}',
    fix: '为 {host} 添加 {wanted} 记录，或为服务器配置 IPv{usable} 地址',
  },
  'dns.split-horizon': {
    title: '各解析器对 {host} 的回答不一致',
    detail: '{answers}',
    fix: '使内部和外部视图一致，或使用面向外部用户的名称',
  },
  'dns.slow': {
    title: '解析 {host} 需要 {tookMs}',
    detail: '应答在 {tookMs} 后到达（限值 {limitMs}）[[，来自 {resolvers}]]',
    fix: '可能多个解析器中的第一个已失效：删除它；否则使用更近的解析器',
  },
  'stun.private-mapped': {
    title: '服务器看到所有人都来自私有地址',
    detail: '{server} 说我们来自 {all}，但那不是我们的地址',
    fix: '让源地址到达服务器：前面不要做源 NAT（Docker：--network host 或关闭 userland-proxy；Kubernetes：externalTrafficPolicy: Local；负载均衡器：保留客户端 IP）',
  },
  'stun.alg-rewrites': {
    title: '途中有设备改写数据包内的地址',
    detail: 'MAPPED-ADDRESS 为 {plain}，XOR-MAPPED-ADDRESS 为 {mapped}',
    fix: '关闭路由器的应用层网关（ALG），通常称为 SIP ALG',
  },
  'stun.malformed': {
    title: '服务器发送的 STUN 不合规范',
    detail: '{endpoint}：{problem}[[（服务器 {software}）]]',
    fix: '更新服务器',
  },
  'stun.amplification': {
    title: '服务器会放大伪造的请求',
    detail:
      '{endpoint}：{requestBytes} 字节的 {method} 请求得到 {answers} 个应答，共 {answerBytes} 字节，即 {factor} 倍',
    fix: '少说一些（coturn：no-software-attribute、no-rfc5780、较短的 realm），并限制每个来源的请求数',
  },
  'stun.software-disclosed': {
    title: '服务器向所有人透露其版本',
    detail: '{endpoint} 自称 {software}',
    fix: '隐藏它（coturn：no-software-attribute），并及时更新',
  },
  'nat.address-dependent-mapping': {
    title: 'NAT 对每个目标使用不同端口（对称 NAT）',
    detail: '{interface} 上的映射为 {mapping}：一个服务器所见对其他对端没有用处',
    fix: '[[?unrelayed 使用 TURN 服务器；]][[?relayed 无需处理：中继可以承载这类呼叫；]]使用端点无关映射的路由器可以避免中继',
  },
  'nat.unstable-address': {
    title: '我们的公网地址在请求之间变化',
    detail: '{interface}：一次运行中服务器看到我们的地址为 {seen}',
    fix: '让 NAT 池的地址成对使用（“paired” 或 “sticky”），或将流量固定到一条上行线路',
  },
  'nat.short-binding': {
    title: 'NAT 在 {lifetimeSeconds} 后忘记 UDP 映射',
    detail: '{interface}：空闲映射保持 {lifetimeSeconds}（RFC 4787 要求 2 分钟；限值 {limitSeconds}）',
    fix: '每 {keepaliveSeconds} 发送保活；或调大路由器的 UDP 超时',
  },
  'nat.carrier-grade': {
    title: '运营商也做地址转换（运营商级 NAT）',
    detail: '路由器外侧为 {gateway}，互联网看到的是 {mapped}',
    fix: '这里无需处理；可向运营商申请公网地址，或使用 IPv6',
  },
  'nat.double': {
    title: '有两层 NAT',
    detail: '路由器外侧为 {gateway}，互联网看到的是 {mapped}',
    fix: '将其中一台路由器设为桥接模式',
  },
  'nat.no-hairpin': {
    title: 'NAT 不支持回环（hairpin）',
    detail: '{interface}：发往自己公网地址的数据没有返回',
    fix: '无需处理：其后的两个客户端通过私有地址或中继相连',
  },
  'nat.none': { title: '{interface} 上没有 NAT', detail: '外部看到的就是地址 {local}', fix: '无需处理' },
  'ice.server-failed': {
    title: '{subject} 没有给出任何候选，原因未能确定',
    detail: '{stage}：{problem}[[，{took} 后]][[；{hint} 可用，因此要么 UDP 无法从这里出去，要么服务器不提供 UDP]]',
    fix: '[[?hint 添加一个别处的 UDP STUN 服务器再次运行：如果它有应答，故障就在此服务器；]]查看各阶段：iceprobe probe {subject}',
  },
  'ice.no-relay': {
    title: '没有得到中继候选',
    detail: '配置了 TURN，收集结束时有 {candidates} 个候选，其中没有中继候选[[；错误：{errors}]]',
    fix: '查看每个服务器的应答（iceprobe probe URL）',
  },
  'ice.no-srflx': {
    title: '没有得到服务器反射候选',
    detail: '收集结束时有 {candidates} 个候选，其中没有服务器反射候选，也没有因重复而省略的[[；错误：{errors}]]',
    fix: '查看每个服务器的应答（iceprobe probe URL）',
  },
  'ice.slow-gathering': {
    title: '收集用了 {completeMs}，其中 {savedMs} 在等待 {url}',
    detail: '{stage}：{problem}[[（IPv{family}）]][[，来自 {interfaces}]]；其余的早 {savedMs} 就已完成',
    fix: '修复或去掉 {culprits}：可节省 {savedMs}',
  },
  'ice.host-hidden': {
    title: '浏览器隐藏了它的地址',
    detail: '{hosts} 个主机候选中有 {hidden} 个是 .local 名称（mDNS）',
    fix: '无需处理：这是为了隐私；获准使用麦克风或摄像头的页面会显示它们',
  },
  'ice.vantages-differ': {
    title: '[[?worksInTerminal 终端可以连通，浏览器不行]][[?worksInBrowser 浏览器可以连通，终端不行]]',
    detail:
      '{subject}：[[?worksInTerminal 终端可用，浏览器失败]][[?worksInBrowser 浏览器可用，终端失败]][[：{errorCode}]][[ {errorText}]][[?portList ；Chromium 会不加提示地跳过这类端口上的 TURN 服务器]][[?trustStore ；两者各自信任自己的证书颁发机构列表]][[?proxy ；其中一方可能经过代理]][[?loopback ；Firefox 不询问回环地址上的服务器]][[?unknownReason ；未能查明两者的差别]]',
    fix: '[[?portList 将服务器移到 3478、443 或大于 1023 的端口]][[?trustStore 使用两者都信任的颁发机构的证书，或将您的颁发机构加入失败一方的信任库（终端：--ca FILE）]][[?proxy 不使用代理再试，或将该主机加入例外]][[?loopback 真实服务器无需处理；测试时可在 about:config 中设置 media.peerconnection.ice.loopback]][[?unknownReason 比较本机上两个程序的扩展、VPN 和防火墙规则]]',
  },
};
