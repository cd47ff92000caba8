/** Markup that is safe to embed; everything else is escaped when it is interpolated. */
export class Html {
  readonly text: string;

  constructor(text: string) {
    this.text = text;
  }
}

export type Content = Html | string | number | null | undefined | false | Content[];

const ENTITIES: Record<string, string> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&#39;' };

const escapeHtml = (text: string): string => text.replace(/[&<>"']/g, (character) => ENTITIES[character]!);

/** Tagged template: literals are markup, values are text unless they are `Html` themselves. */
export function html(literals: TemplateStringsArray, ...values: Content[]): Html {
  return new Html(literals.reduce((made, literal, i) => made + textOf(values[i - 1]) + literal));
}

/** Markup without elements, as text. */
export function plainText({ text }: Html): string {
  const entities = Object.fromEntries(Object.entries(ENTITIES).map(([character, entity]) => [entity, character]));
  return text.replace(/<[^>]*>/g, '').replace(/&(?:amp|lt|gt|quot|#39);/g, (entity) => entities[entity]!);
}

function textOf(value: Content): string {
  if (value instanceof Html) return value.text;
  if (Array.isArray(value)) return value.map(textOf).join('');
  if (value === null || value === undefined || value === false) return '';
  return escapeHtml(String(value));
}
