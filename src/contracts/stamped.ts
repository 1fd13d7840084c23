/** A source that knows cheaply whether a frame is still the same. */
export interface IStamped {
  /** A text that changes with every save under that name, without reading the frame. @throws NotFoundError */
  stamp(name: string): Promise<string>;
}
