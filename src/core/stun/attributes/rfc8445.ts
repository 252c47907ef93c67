import { AttributeType } from '../registry.ts';
import { flag, uint32, uint64 } from './kinds.ts';

/** RFC 8445 16.1: the attributes of connectivity checks. */
export const Priority = uint32(AttributeType.Priority, 'PRIORITY');
export const UseCandidate = flag(AttributeType.UseCandidate, 'USE-CANDIDATE');
export const IceControlled = uint64(AttributeType.IceControlled, 'ICE-CONTROLLED');
export const IceControlling = uint64(AttributeType.IceControlling, 'ICE-CONTROLLING');
