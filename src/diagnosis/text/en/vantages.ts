import type { VANTAGES } from '../../catalogue/vantages.ts';
import type { FindingText } from '../table.ts';

export const VANTAGES_TEXT: Readonly<Record<keyof typeof VANTAGES, FindingText>> = {
  'ice.vantages-differ': {
    title: 'The {works} gets through, the {fails} does not',
    detail:
      '{subject}: works in the {works}, fails in the {fails}[[: {errorCode}]][[ {errorText}]][[?portList ; Chromium skips TURN servers on such a port without a word]][[?trustStore ; each trusts its own list of certificate authorities]][[?proxy ; one of them may go through the proxy]][[?loopback ; Firefox asks no server on a loopback address]][[?unknownReason ; what they do differently was not found out]]',
    fix: '[[?portList move the server to 3478, 443 or a port above 1023]][[?trustStore use a certificate from an authority that both trust, or add yours to the store of the one that fails (terminal: --ca FILE)]][[?proxy try again without the proxy, or add the host to its exceptions]][[?loopback nothing for real servers; for tests set media.peerconnection.ice.loopback in about:config]][[?unknownReason compare extensions, VPN and firewall rules of the two programs on this machine]]',
    meaning:
      'Browser and terminal ask the same server from the same machine. Where only one has an answer, the difference lies in the program: its trusted authorities, its list of ports, its proxy, an extension or a rule of the firewall for that program.',
    needs: 'both vantages with a result for the URL: a candidate in one, an end without one in the other',
  },
};
