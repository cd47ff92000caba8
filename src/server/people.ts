export const ROLES = ['viewer', 'engineer', 'approver', 'operator', 'admin'] as const;
export type Role = (typeof ROLES)[number];

/** What a route asks for: to read, to kick off, to decide at gates, to steer traffic, to let people in. */
export type Permission = 'read' | 'start' | 'decide' | 'steer' | 'admit';

const MAY: Record<Role, Permission[]> = {
  viewer: ['read'],
  engineer: ['read', 'start'],
  approver: ['read', 'decide'],
  operator: ['read', 'steer'],
  admin: ['read', 'start', 'decide', 'steer', 'admit'],
};

export interface Person {
  email: string;
  roles: Role[];
  /** The owner of an embedded data directory, who can name the approver as on the command line. */
  isOwner: boolean;
}

export function may({ roles }: Person, permission: Permission): boolean {
  return roles.some((role) => MAY[role].includes(permission));
}

/** From the rollout on, cancelling takes a candidate out of the traffic. */
export const isInTraffic = (phase: string): boolean => phase === 'rollout' || phase === 'support';

export const mayCancel = (person: Person, phase: string): boolean =>
  may(person, 'start') && (!isInTraffic(phase) || may(person, 'steer'));
