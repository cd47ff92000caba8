/** Registered in the namespace before anything starts; indexed and never encrypted, so they carry no client data. */
export const SEARCH_ATTRIBUTES = {
  Engagement: 'Keyword',
  Phase: 'Keyword',
  AwaitingGate: 'Keyword',
  Client: 'Keyword',
  ModelName: 'Keyword',
  Package: 'Keyword',
  Portfolio: 'Keyword',
  Verdict: 'Keyword',
  DueAt: 'Datetime',
  ChangedAt: 'Datetime',
} as const;
