import type { ShortText } from './short-text.ts';

/** Findings about TLS and authentication. */
export const ACCESS_ZH: Readonly<Record<string, ShortText>> = {
  'tls.no-listener': {
    title: '服务器没有在端口 {port} 上监听 TLS',
    detail: '{endpoint} 拒绝 TCP，而 {answered} 有应答',
    fix: '为服务器配置证书（coturn：cert、pkey、tls-listening-port={port}；去掉 no-tls），并在防火墙和 Docker 中开放 TCP {port}（-p {port}:{port}）',
  },
  'tls.plain-on-tls-port': {
    title: '端口 {port} 使用不带 TLS 的 STUN',
    detail: '与 {endpoint} 的 TLS 握手失败，而不带 TLS 的 STUN 在那里有应答（{works}）',
    fix: '对该端口使用 turn:...?transport=tcp，或让服务器在那里使用 TLS（coturn：tls-listening-port）',
  },
  'tls.tls-on-plain-port': {
    title: '端口 {port} 使用 TLS',
    detail: '{endpoint} [[以 {says} 应答普通 STUN]][[?mute 不应答普通 STUN]][[?shaken ，并接受 TLS 握手]]',
    fix: '对该端口写 turns: 而不是 turn:，或使用普通端口（3478）',
  },
  'tls.intercepted': {
    title: '证书与预期不同：TLS 被拦截，或证书已更新',
    detail: '{host} 出示了 {issuer} 签发的证书（{seen}），预期为 {expected}',
    fix: '与另一个网络的运行结果比较；如果只有这里不同，则是防火墙或杀毒软件在此解开了 TLS',
  },
  'tls.expired': {
    title: '{host} 的证书已过期',
    detail: '{problem}[[（{daysAgo} 天前）]]',
    fix: '更新证书并让服务器加载（coturn 收到 SIGUSR2 或重启时读取新证书）',
  },
  'tls.not-yet-valid': {
    title: '{host} 的证书尚未生效',
    detail: '{problem}',
    fix: '校准时钟，先校准本机；否则等待或签发新证书',
  },
  'tls.chain-incomplete': {
    title: '服务器没有发送中间证书',
    detail: '{problem}',
    fix: "为服务器提供完整证书链：使用 Let's Encrypt 的 fullchain.pem 而不是 cert.pem（coturn：cert=fullchain.pem）",
  },
  'tls.untrusted': {
    title: '[[?selfSigned {host} 的证书是自签名的]][[?unknownIssuer {host} 的证书由无人信任的机构签发]]',
    detail: '{problem}[[；证书链：{chain}]]',
    fix: "使用公共颁发机构的证书（Let's Encrypt），或在每个客户端中信任该颁发机构；本次运行可用 --ca FILE",
  },
  'tls.name-mismatch': {
    title: '证书不属于 {host}',
    detail: '{problem}',
    fix: '使用证书中的名称，或为 {host} 申请证书',
  },
  'tls.old-version': {
    title: '[[?only 服务器只支持旧版 TLS]][[?also 服务器仍接受旧版 TLS]]',
    detail: '{problem}',
    fix: '[[?only 允许 TLS 1.2 和 1.3（coturn：去掉 no-tlsv1_2；更新 OpenSSL）]][[?also 只允许 TLS 1.2 和 1.3（coturn：no-tlsv1、no-tlsv1_1）]]',
  },
  'tls.handshake-failed': {
    title: 'TLS 握手失败',
    detail: '{endpoint}：{problem}',
    fix: '看看该端口是否使用 TLS（用 turn: 代替 turns:），以及服务器是否有证书、是否与当今客户端有共同的加密套件',
  },
  'tls.expires-soon': {
    title: '{host} 的证书将在 {days} 天后过期',
    detail: '有效期至 {validTo}（限值 {limit} 天）',
    fix: '更新证书；如果是自动更新，查看为何没有发生，并确认服务器加载新证书',
  },
  'auth.open-relay': {
    title: '中继对所有人开放',
    detail: '{endpoint} 不需要凭据就分配了 {relayed}，且数据可以通过',
    fix: '要求凭据（coturn：lt-cred-mech 与 user=，或 use-auth-secret；去掉 no-auth）',
  },
  'auth.expired': {
    title: '凭据已于 {ago} 前过期',
    detail: '服务器拒绝用户 {username}（{errorCode}），其有效期至 {expiredAt}[[?serverAgrees ，服务器时钟也如此认为]]',
    fix: '获取新的凭据；如果它是新的，请校准生成凭据的机器的时钟',
  },
  'auth.wrong-mechanism': {
    title: '用户名各部分的顺序不符合该服务器的要求',
    detail: '服务器拒绝 {username}（{errorCode}）；时间位于末尾',
    fix: '将用户名写成 {corrected}，并由完全相同的文本生成密码',
  },
  'auth.bad-credentials': {
    title: '服务器拒绝了用户名或密码',
    detail:
      '对带有 MESSAGE-INTEGRITY 和新 nonce 的 Allocate 返回 {errorCode}[[ {reason}]]：用户 {username}[[，realm {realm}]][[，服务器 {software}]]',
    fix: '检查两者，包括空格和大小写[[?rest ；此用户名属于 REST 类型：请用与服务器相同的密钥生成（coturn：use-auth-secret、static-auth-secret）]]',
  },
  'auth.empty-realm': {
    title: '服务器[[?missing 没有发送 realm]][[?empty 发送了空的 realm]]',
    detail: '{endpoint}：质询（401）[[?missing 没有 REALM]][[?empty 的 REALM 为空]]',
    fix: '设置 realm（coturn：realm=example.org）',
  },
  'auth.nonce-loop': {
    title: '服务器认为每个 nonce 都已失效',
    detail: '{endpoint} 对刚刚给出的 nonce 返回 438[[（{times} 次）]][[；它看到我们来自 {mapped}]]',
    fix: '让同一客户端的请求从同一端口到达同一服务器：在负载均衡器中启用会话保持，途中不要有在数据包之间更换端口的 NAT',
  },
  'auth.bad-response-integrity': {
    title: '应答没有用我们的密钥签名',
    detail: '{endpoint}：{problem}[[（服务器 {software}）]]',
    fix: '更新服务器；如果已是最新，看看途中是否有设备改动数据包（SIP ALG）',
  },
  'auth.clock-skew': {
    title: '服务器的时钟比本机[[?behind 慢]][[?ahead 快]] {skew}',
    detail: '依据其 nonce 中的时间；带有效期的凭据以服务器时钟为准',
    fix: '用 NTP 校准两边的时钟',
  },
};
