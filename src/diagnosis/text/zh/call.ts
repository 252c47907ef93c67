import type { ShortText } from './short-text.ts';

/** Findings about calls. */
export const CALL_ZH: Readonly<Record<string, ShortText>> = {
  'call.stack-crashed': {
    title: 'WebRTC 实现崩溃了',
    detail: '路径 {path}：{problem}',
    fix: '再试一次，或换一个版本；通过页面（iceprobe web）通话使用的是浏览器',
  },
  'call.no-path': {
    title: '无法经由 {path} 建立连接',
    detail:
      '[[?noAnswer 对端从未应答 offer]][[?noCandidates 有一端没有这种候选]][[?unchecked 没有可检查的候选对]][[?unanswered 没有任何检查得到应答：{kinds}]][[；{errors}]]',
    fix: '[[?noAnswer 确认对端正在运行、在同一房间并会应答]][[?noCandidates 修正服务器的应答：用相同的 URL 运行 iceprobe doctor]][[?unchecked 让两端有同一地址族的地址，或使用两者皆有的中继]][[?deafRelay 让中继能到达对端：其 UDP 端口须双向开放]][[?deafPath 添加 TURN 服务器，让无法直连的流量经由它]]',
  },
  'call.one-way': {
    title: '数据包只能单向通过',
    detail: '路径 {path}：{listener} 收到 {speaker} 的 {received} 个检查，自己的 {sent} 个检查没有应答（{pair}）',
    fix: '检查 {speaker} 前面的设备：只许发出、丢弃进入的防火墙，或通往别处的回程路由；若没有，则是 {listener} 处丢弃其发出流量的防火墙',
  },
  'call.dtls-failed': {
    title: '路径可用，但其上的 DTLS 握手失败',
    detail: '路径 {path}：ICE[[ 在 {iceMs} 后]]连通；[[?refused DTLS 失败]][[?silent DTLS 没有结束]]',
    fix: '[[?refused 确认两端之间没有改动描述：其中的指纹必须与证书一致]][[?silent 让大数据报通过：握手的包有 1200 字节以上，检查只有 100；iceprobe probe --deep 会测路径 MTU]]',
  },
  'call.late-candidates': {
    title: '候选到达 {peer} 太晚[[?problem ，或无法使用]]',
    detail: '路径 {path}：{peer} 得到对端 {count} 个候选[[，第一个在描述之后 {lateMs}]][[；{problem}]]',
    fix: '每发现一个候选就立即发送，通道不要等待或攒批；在描述之前到达的候选，待描述设置后再添加',
  },
  'call.consent-lost': {
    title: '连接丢失[[?recovered ，经 ICE 重启恢复]]',
    detail:
      '路径 {path}：[[{aliveMs} 后]]候选对 {pair} 不再应答[[?recovered ；ICE 重新开始并找到了路径]][[?gone ；没有找到别的路径]]',
    fix: '查找途中是什么结束了绑定或分配：会遗忘的 NAT、重启或不刷新的 TURN 服务器、网络切换；断开时让应用重启 ICE',
  },
  'call.slow-connect': {
    title: '建立连接用了 {channelMs}',
    detail:
      '路径 {path}：其中 {stepMs} 用于[[?gathering 发出 offer 之前的收集]][[?signaling 等待应答]][[?checks 连通性检查]][[?dtls DTLS 握手]][[?channel 打开数据通道]]',
    fix: '[[?gathering 使用 trickle，去掉不应答的服务器]][[?signaling 检查信令通道，以及对端应答前在做什么]][[?checks 看哪些服务器应答慢（iceprobe gather --per-url），以及是否只有中继可用]][[?dtls 检查丢包，以及大数据报是否通过]][[?channel 检查丢包]]',
  },
  'call.relay-only': {
    title: '通话经由中继',
    detail: '候选对为 {pair}[[；单独尝试时未连通：{tried}]]',
    fix: '若本就打算由中继承载，则无需处理，备好带宽即可；否则查看 NAT 的类型（iceprobe nat）',
  },
};
