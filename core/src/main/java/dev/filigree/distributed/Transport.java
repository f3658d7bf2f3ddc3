package dev.filigree.distributed;

import org.bytedeco.pytorch.Tensor;

/** How contiguous tensors go from replica to replica; all call the same in the same order. */
interface Transport extends AutoCloseable {
  /** A tensor on its way, not to be touched until the wait has ended. */
  interface Transfer {
    /** Waits until this replica has nothing left to compute meanwhile. */
    void reach();

    /** Waits for the end. */
    void await();
  }

  /** Puts the sum over all replicas in the place of each one's tensor. */
  Transfer sum(Tensor tensor);

  /** Puts what one replica has in the place of the others' tensor. */
  Transfer broadcast(Tensor tensor, int root);

  /** Sends to one that receives. */
  Transfer send(Tensor tensor, int to);

  /** Takes what another one sends. */
  Transfer receive(Tensor tensor, int from);

  @Override
  void close();
}
