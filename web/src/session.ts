import { createContext, useContext } from 'react';
import type { Permission } from '../../src/server/people.ts';
import { may } from '../../src/server/people.ts';
import type { GateLine } from '../../src/server/portfolio.ts';
import type { Session } from './api.ts';

export const SessionContext = createContext<Session | undefined>(undefined);

export const useSession = (): Session => useContext(SessionContext)!;

export const useMay = (permission: Permission): boolean => may(useSession(), permission);

/** Whether a decision at this gate is the person's; the owner of the data directory enters those of others. */
export function waitsForMe(gate: GateLine, session: Session): boolean {
  if (!may(session, 'decide')) return false;
  return session.isOwner || gate.approvers.some(({ email }) => email === session.email && gate.first?.by !== email);
}
