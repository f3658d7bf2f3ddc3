package dev.filigree.zoo.train;

import dev.filigree.cuda.CudaDevice;
import dev.filigree.optim.Replica;
import dev.filigree.torch.Cuda;
import dev.filigree.torch.Processor;
import dev.filigree.zoo.config.Device;
import dev.filigree.zoo.config.PrecisionConfig;
import dev.filigree.zoo.data.Batch;
import dev.filigree.zoo.train.event.TrainingException;
import org.bytedeco.pytorch.MemoryFormatOptional;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.DeviceType;
import org.bytedeco.pytorch.global.torch.ScalarType;

/** The device that a run computes on. */
final class Hardware {
  private final boolean cuda;
  private final int index; // of the GPU
  private final Replica replica;

  private Hardware(boolean cuda, int index, Replica replica) {
    this.cuda = cuda;
    this.index = index;
    this.replica = replica;
  }

  /**
   * The device of a configuration; for replicas the GPU whose number is the rank on the machine, or
   * the only one that the process was given.
   *
   * @throws TrainingException when it asks for a GPU that is not there or cannot be used
   */
  static Hardware choose(Device device, Replica replica) {
    boolean available = device.kind() != Device.Kind.CPU && torch.cuda_is_available();
    if (device.kind() != Device.Kind.CUDA) {
      return new Hardware(available, available ? share(0, replica) : 0, replica);
    }
    if (!available) {
      throw new TrainingException(
          "device %s: %s; 'doctor' says more, and --device cpu needs none"
              .formatted(device, Cuda.obstacle().orElse("libtorch finds no GPU")));
    }
    int index = share(device.index(), replica);
    int cards = CudaDevice.all().size();
    if (index >= cards) {
      throw new TrainingException(
          "device cuda:%d: this machine has %s"
              .formatted(index, cards == 1 ? "one GPU, cuda:0" : cards + " GPUs, from cuda:0 on"));
    }
    return new Hardware(true, index, replica);
  }

  private static int share(int configured, Replica replica) {
    if (replica.isAlone()) {
      return configured;
    }
    return CudaDevice.all().size() == 1 && System.getenv("CUDA_VISIBLE_DEVICES") != null
        ? 0
        : replica.localRank();
  }

  DeviceType type() {
    return cuda ? DeviceType.CUDA : DeviceType.CPU;
  }

  /**
   * What matrix products compute in: the configured type, but float32 for bfloat16 on a processor
   * without units for it.
   */
  ScalarType computing(PrecisionConfig.Type precision) {
    boolean emulated =
        precision == PrecisionConfig.Type.BFLOAT16
            && !cuda
            && !Processor.current().multipliesBfloat16();
    return (emulated ? PrecisionConfig.Type.FLOAT32 : precision).elements();
  }

  /** The device, as libtorch knows it. */
  org.bytedeco.pytorch.Device place() {
    return new org.bytedeco.pytorch.Device(cuda ? "cuda:" + index : "cpu");
  }

  /** A batch on the device. */
  Batch place(Batch batch) {
    Tensor mask = batch.lossMask();
    return cuda
        ? new Batch(
            placed(batch.inputs()), placed(batch.labels()), mask == null ? null : placed(mask))
        : batch;
  }

  /** From pinned memory, so that neither this thread nor the GPU waits for the copy. */
  private Tensor placed(Tensor tensor) {
    return tensor
        .pin_memory()
        .to(place(), tensor.scalar_type(), true, false, new MemoryFormatOptional());
  }

  /** In words, for people. */
  @Override
  public String toString() {
    return cuda ? place().str().getString() : "cpu, " + torch.get_num_threads() + " threads";
  }

  /** Seeds the generators that dropout draws from; each replica's draw others. */
  void seed(long seed) {
    torch.manual_seed(replica.seed(seed));
  }
}
