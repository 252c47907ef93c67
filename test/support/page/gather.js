// Runs in a page of the browser under test, where it is evaluated as text.
globalThis.gather = async function gather(configuration, timeoutMs) {
  const startedAt = performance.now();
  const now = () => performance.now() - startedAt;
  const pick = (object, names) => Object.fromEntries(names.map((name) => [name, object[name] ?? null]));
  const events = [];

  let connection;
  try {
    connection = new RTCPeerConnection(configuration);
  } catch (error) {
    return { thrown: { name: error.name, message: error.message }, events, complete: false, stats: [] };
  }

  const complete = new Promise((resolve) => {
    connection.addEventListener('icecandidate', ({ candidate, url }) => {
      // An empty one ends a generation of candidates, none at all the gathering.
      if (candidate === null || candidate.candidate === '') return;
      const names =
        `candidate component foundation protocol priority address port type tcpType relatedAddress relatedPort
        relayProtocol url usernameFragment`.split(/\s+/);
      const fields = pick(candidate, names);
      events.push({ kind: 'candidate', ms: now(), ...fields, url: fields.url ?? url ?? null });
    });
    connection.addEventListener('icecandidateerror', (event) => {
      const names = ['url', 'address', 'port', 'errorCode', 'errorText'];
      events.push({ kind: 'error', ms: now(), ...pick(event, names) });
    });
    connection.addEventListener('icegatheringstatechange', () => {
      events.push({ kind: 'state', ms: now(), state: connection.iceGatheringState });
      if (connection.iceGatheringState === 'complete') resolve(true);
    });
    setTimeout(resolve, timeoutMs, false);
  });

  events.push({ kind: 'state', ms: now(), state: connection.iceGatheringState });
  connection.createDataChannel('gathering');
  await connection.setLocalDescription(await connection.createOffer());
  const isComplete = await complete;
  const stats = [];
  for (const entry of (await connection.getStats()).values()) {
    if (entry.type !== 'local-candidate') continue;
    stats.push(pick(entry, ['candidateType', 'protocol', 'address', 'port', 'priority', 'relayProtocol', 'url']));
  }
  connection.close();
  return { thrown: null, events, complete: isComplete, stats };
};
