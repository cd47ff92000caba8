import { type AnchorHTMLAttributes, useEffect, useState } from 'react';

const MOVED = 'stepdown:moved';

export function go(path: string): void {
  history.pushState(null, '', path);
  dispatchEvent(new Event(MOVED));
  scrollTo(0, 0);
}

export function usePath(): string {
  const [path, setPath] = useState(location.pathname);
  useEffect(() => {
    const moved = () => setPath(location.pathname);
    for (const event of ['popstate', MOVED]) addEventListener(event, moved);
    return () => {
      for (const event of ['popstate', MOVED]) removeEventListener(event, moved);
    };
  }, []);
  return path;
}

/** A link within the dashboard; with a key held it does what links do. */
export function Link({ href = '/', children, ...rest }: AnchorHTMLAttributes<HTMLAnchorElement>) {
  const isHere = location.pathname === href;
  return (
    <a
      {...rest}
      href={href}
      aria-current={isHere ? 'page' : undefined}
      onClick={(event) => {
        if (event.metaKey || event.ctrlKey || event.shiftKey || event.button !== 0) return;
        event.preventDefault();
        go(href);
      }}
    >
      {children}
    </a>
  );
}
