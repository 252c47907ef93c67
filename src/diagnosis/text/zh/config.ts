import type { ShortText } from './short-text.ts';

/** Findings about the configuration. */
export const CONFIG_ZH: Readonly<Record<string, ShortText>> = {
  'config.url-syntax': {
    title: '不是 STUN 或 TURN 的 URL：{message}',
    detail: '{url}：第 {column} 列：{message}',
    fix: '{hint}',
  },
  'config.missing-credential': {
    title: 'TURN 服务器缺少 {missing}',
    detail: '{subject} 缺少 {missing}[[?others （同一条目中另有 {others} 个 URL）]]',
    fix: '同时给出 username 和 credential（--username、--credential），或给出用于生成它们的密钥（--secret）',
  },
  'config.relay-policy-without-turn': {
    title: '策略为 “relay”，却没有 TURN 服务器',
    detail: 'iceTransportPolicy 为 “relay”，而 {servers} 个服务器中没有一个是 TURN 服务器',
    fix: '添加 TURN 服务器，或将 iceTransportPolicy 设为 “all”',
  },
  'config.credential-expired': {
    title: '[[?milliseconds 用户名中的到期时间以毫秒为单位]][[凭据已于 {ago} 前过期]]',
    detail: '用户名 {username} 表示 {expiredAt}[[?milliseconds （按毫秒理解；服务器按秒理解）]]',
    fix: '[[?milliseconds 请使用 1970 年以来的秒数：Math.floor(Date.now() / 1000) + ttl]][[?ago 获取新的凭据；页面应在每次呼叫之前获取，而不是只在加载时获取一次]]',
  },
  'config.credential-expires-soon': {
    title: '凭据将在 {left} 后过期',
    detail: '用户名 {username} 表示 {expiresAt}',
    fix: '生成有效期长于呼叫建立时间的凭据：一小时或更长；只在分配时检查到期',
  },
  'config.dtls-unsupported': {
    title: '没有任何实现支持 DTLS 上的 TURN',
    detail: '{url} 要求 UDP 上的 TLS；Chromium 会不加提示地改用 TCP，其他浏览器忽略该 URL',
    fix: '写成 {corrected}（TCP 上的 TLS）',
  },
  'config.port-restricted': {
    title: 'Chromium 不使用端口 {port} 上的 TURN 服务器',
    detail: '{url}：Chromium 允许端口 53、80、443 以及 1024 及以上的端口',
    fix: '将服务器移到 3478、443 或其他允许的端口',
  },
  'config.duplicate': {
    title: '同一服务器被列出 {times} 次',
    detail: '{url} 出现 {times} 次[[，写法为 {spellings}]]',
    fix: '只保留一个：每一个都会在每个网络接口上占用一个套接字和一个分配',
  },
  'config.too-many': {
    title: '{servers} 个服务器会拖慢候选收集',
    detail: '配置了 {servers} 个不同的服务器；超过 {limit} 个只会费时，不会得到更好的候选',
    fix: '保留一两个 STUN 服务器，以及一个支持 UDP、TCP 和 TLS 的 TURN 服务器',
  },
  'config.dead-public-server': {
    title: '{host} 已不再提供服务',
    detail: '{host}：{reason}',
    fix: '删除它，或使用自己的服务器：公共服务器来来去去',
  },
  'config.form': { title: '{message}', detail: '第 {line} 行第 {column} 列：{message}', fix: '{hint}' },
  'config.tls-needs-name': {
    title: 'TLS 使用了地址而不是名称',
    detail: '证书是为名称签发的，而 {url} 使用地址 {address}[[；所见证书用于 {certificateNames}]]',
    fix: '写证书中的服务器名称',
  },
  'config.no-tls-443': {
    title: '没有 443 端口上的 TURN over TLS',
    detail: '只放行网页流量的网络将无法连接',
    fix: '如果服务器在那里监听，请添加 {example}',
  },
};
