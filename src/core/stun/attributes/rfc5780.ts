import type { AttributeCodec } from '../attribute.ts';
import { AttributeType } from '../registry.ts';
import { address, fourBytes, opaque, uint16, uint32 } from './kinds.ts';

/** RFC 5780 7: the attributes of NAT behaviour discovery. */
export const Padding = opaque(AttributeType.Padding, 'PADDING');
export const ResponsePort = uint16(AttributeType.ResponsePort, 'RESPONSE-PORT');
export const ResponseOrigin = address(AttributeType.ResponseOrigin, 'RESPONSE-ORIGIN');
export const OtherAddress = address(AttributeType.OtherAddress, 'OTHER-ADDRESS');
export const CacheTimeout = uint32(AttributeType.CacheTimeout, 'CACHE-TIMEOUT');

export interface ChangeRequestValue {
  readonly changeIp: boolean;
  readonly changePort: boolean;
}

/** RFC 5780 7.2: asks for the answer from another address or port of the server. */
export const ChangeRequest: AttributeCodec<ChangeRequestValue> = fourBytes(
  AttributeType.ChangeRequest,
  'CHANGE-REQUEST',
  (value, message, offset) => {
    message[offset + 3] = (value.changeIp ? 4 : 0) | (value.changePort ? 2 : 0);
  },
  (message, offset) => {
    const bits = message[offset + 3] ?? 0;
    return { changeIp: (bits & 4) !== 0, changePort: (bits & 2) !== 0 };
  },
);

// RFC 3489, still sent by old servers.
export const ResponseAddress = address(AttributeType.ResponseAddress, 'RESPONSE-ADDRESS');
export const SourceAddress = address(AttributeType.SourceAddress, 'SOURCE-ADDRESS');
export const ChangedAddress = address(AttributeType.ChangedAddress, 'CHANGED-ADDRESS');
export const ReflectedFrom = address(AttributeType.ReflectedFrom, 'REFLECTED-FROM');
