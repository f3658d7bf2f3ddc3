package dev.filigree.nn;

import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;

/** A list of layers of one type, named 0, 1, 2, ... */
public final class LayerList<L extends Layer> extends Layer implements Iterable<L> {
  private final List<L> members = new ArrayList<>();

  /** Registers the layers under their indices, which are part of the names of their parameters. */
  public LayerList(List<L> layers) {
    for (L layer : layers) {
      members.add(register(String.valueOf(members.size()), layer));
    }
  }

  /** The layer at an index, from 0. */
  public L get(int index) {
    return members.get(index);
  }

  /** The number of layers. */
  public int size() {
    return members.size();
  }

  @Override
  public Iterator<L> iterator() {
    return members.iterator();
  }
}
