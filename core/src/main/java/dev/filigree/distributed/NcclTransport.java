package dev.filigree.distributed;

import dev.filigree.cuda.Nccl;
import dev.filigree.torch.Cuda;
import dev.filigree.torch.Tensors;
import java.time.Duration;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch.ScalarType;

/** NCCL, between GPUs. */
final class NcclTransport implements Transport {
  private final Nccl nccl;
  private final Duration timeout;

  NcclTransport(Nccl nccl, Duration timeout) {
    this.nccl = nccl;
    this.timeout = timeout;
  }

  @Override
  public Transfer sum(Tensor tensor) {
    return transfer(
        nccl.sum(tensor.data_ptr().address(), tensor.numel(), type(tensor), stream(tensor)));
  }

  @Override
  public Transfer broadcast(Tensor tensor, int root) {
    return transfer(
        nccl.broadcast(tensor.data_ptr().address(), bytes(tensor), root, stream(tensor)));
  }

  @Override
  public Transfer send(Tensor tensor, int to) {
    return transfer(nccl.send(tensor.data_ptr().address(), bytes(tensor), to, stream(tensor)));
  }

  @Override
  public Transfer receive(Tensor tensor, int from) {
    return transfer(nccl.receive(tensor.data_ptr().address(), bytes(tensor), from, stream(tensor)));
  }

  private static Nccl.Type type(Tensor tensor) {
    ScalarType type = Tensors.type(tensor);
    return switch (type) {
      case Float -> Nccl.Type.FLOAT32;
      case Double -> Nccl.Type.FLOAT64;
      case Half -> Nccl.Type.FLOAT16;
      case BFloat16 -> Nccl.Type.BFLOAT16;
      default ->
          throw new IllegalArgumentException(
              "replicas average Float, Double, Half or BFloat16, found " + type);
    };
  }

  private static long bytes(Tensor tensor) {
    return tensor.numel() * tensor.element_size();
  }

  private static long stream(Tensor tensor) {
    return Cuda.currentStream(tensor.device().index());
  }

  private Transfer transfer(Nccl.Collective collective) {
    return new Transfer() {
      @Override
      public void reach() {
        collective.reach();
      }

      @Override
      public void await() {
        collective.await(timeout);
      }
    };
  }

  @Override
  public void close() {
    nccl.close();
  }
}
