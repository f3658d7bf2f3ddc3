package dev.filigree.distributed;

import java.util.function.Supplier;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.javacpp.chrono.Milliseconds;
import org.bytedeco.pytorch.BroadcastOptions;
import org.bytedeco.pytorch.GlooDeviceVector;
import org.bytedeco.pytorch.ProcessGroupGloo;
import org.bytedeco.pytorch.Store;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorVector;
import org.bytedeco.pytorch.Work;

/** libtorch's process group of Gloo, for tensors in memory. */
final class GlooTransport implements Transport {
  private final ProcessGroupGloo gloo;

  /** Joins the others. */
  GlooTransport(Rendezvous where, Store store, Milliseconds timeout) {
    ProcessGroupGloo.Options options = ProcessGroupGloo.Options.create(timeout);
    options.devices(new GlooDeviceVector(device(where.address())));
    gloo =
        new ProcessGroupGloo(store, where.replica().rank(), where.replica().size(), options)
            .retainReference();
  }

  /** On one machine the loopback; else the interface of GLOO_SOCKET_IFNAME, or of the host name. */
  private static org.bytedeco.pytorch.gloo.Device device(String address) {
    if (address.equals("localhost") || address.startsWith("127.")) {
      return ProcessGroupGloo.createDeviceForHostname("127.0.0.1");
    }
    String network = System.getenv("GLOO_SOCKET_IFNAME");
    return network == null
        ? ProcessGroupGloo.createDefaultDevice()
        : ProcessGroupGloo.createDeviceForInterface(network);
  }

  @Override
  public Transfer sum(Tensor tensor) {
    return begin(() -> gloo.allreduce(new TensorVector(tensor)));
  }

  @Override
  public Transfer broadcast(Tensor tensor, int root) {
    return begin(
        () -> gloo.broadcast(new TensorVector(tensor), new BroadcastOptions().rootRank(root)));
  }

  @Override
  public Transfer send(Tensor tensor, int to) {
    return begin(() -> gloo.send(new TensorVector(tensor), to, 0));
  }

  @Override
  public Transfer receive(Tensor tensor, int from) {
    return begin(() -> gloo.recv(new TensorVector(tensor), from, 0));
  }

  private static Transfer begin(Supplier<Work> collective) {
    Work work;
    try (var _ = new PointerScope()) {
      work = collective.get().retainReference();
    }
    return new Transfer() {
      @Override
      public void reach() {
        // The thread that waits is the one that computes.
      }

      @Override
      public void await() {
        try (work) {
          work._wait();
        }
      }
    };
  }

  @Override
  public void close() {
    gloo.close();
  }
}
