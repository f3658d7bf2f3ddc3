package dev.filigree.distributed;

import dev.filigree.optim.Replica;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * What a launcher of clusters says in the environment of a process: which of how many it is, and
 * where the first one is. Read are torchrun's variables (also written by {@code --workers}),
 * Kubeflow's for a pod of one process, and those of Slurm's {@code srun}.
 *
 * @param launcher which one it was, for people
 * @param rendezvous where the processes meet
 */
public record ClusterEnvironment(String launcher, Rendezvous rendezvous) {
  /** How often {@code --workers} or torchrun started the training again. */
  public static final String ATTEMPT = "TORCHELASTIC_RESTART_COUNT";

  /** Ports for jobs of Slurm, which names none: above those of services, below those of clients. */
  private static final int FIRST_PORT = 15_000;

  private static final int PORTS = 15_000;

  /**
   * The environment's own, empty where no launcher speaks in it.
   *
   * @throws ReplicaException where it is incomplete, or could count processes or machines
   */
  public static Optional<ClusterEnvironment> of(Map<String, String> environment) {
    var variables = new Variables(environment);
    if (variables.has("RANK")) {
      return Optional.of(torchrun(variables));
    }
    if (variables.has("PET_NODE_RANK")) {
      return Optional.of(kubeflow(variables));
    }
    if (variables.has("SLURM_STEP_ID") && variables.has("SLURM_PROCID")) {
      int size = variables.number("SLURM_STEP_NUM_TASKS");
      return size == 1 ? Optional.empty() : Optional.of(slurm(variables, size));
    }
    return Optional.empty();
  }

  private static ClusterEnvironment torchrun(Variables variables) {
    if (!variables.has("LOCAL_RANK")) {
      throw new ReplicaException(
          "RANK is set and LOCAL_RANK is not: does it count processes or machines? Where each machine"
              + " has one process, set LOCAL_RANK=0");
    }
    return new ClusterEnvironment(
        "torchrun's variables",
        new Rendezvous(
            variables.replica("RANK", variables.number("WORLD_SIZE"), "LOCAL_RANK"),
            variables.text("MASTER_ADDR"),
            variables.number("MASTER_PORT"),
            variables.has(ATTEMPT) ? variables.number(ATTEMPT) : 0));
  }

  private static ClusterEnvironment kubeflow(Variables variables) {
    String processes = variables.text("PET_NPROC_PER_NODE");
    if (!processes.equals("1")) {
      throw new ReplicaException(
          "PET_NPROC_PER_NODE is %s: a pod is one worker here; set numProcPerNode: 1 and as many nodes"
                  .formatted(processes)
              + " as workers");
    }
    return new ClusterEnvironment(
        "Kubeflow's PET variables",
        new Rendezvous(
            variables.replica("PET_NODE_RANK", variables.number("PET_NNODES"), null),
            variables.text("PET_MASTER_ADDR"),
            variables.number("PET_MASTER_PORT"),
            0));
  }

  private static ClusterEnvironment slurm(Variables variables, int size) {
    int port =
        variables.has("MASTER_PORT")
            ? variables.number("MASTER_PORT")
            : FIRST_PORT + variables.number("SLURM_JOB_ID") % PORTS;
    String address =
        variables.has("MASTER_ADDR")
            ? variables.text("MASTER_ADDR")
            : firstHost(variables.text("SLURM_STEP_NODELIST"));
    int attempt =
        variables.has("SLURM_RESTART_COUNT") ? variables.number("SLURM_RESTART_COUNT") : 0;
    return new ClusterEnvironment(
        "Slurm's variables",
        new Rendezvous(
            variables.replica("SLURM_PROCID", size, "SLURM_LOCALID"), address, port, attempt));
  }

  /** Of a list such as {@code gpu[03-05,9],login1}: gpu03. */
  private static String firstHost(String list) {
    int bracket = list.indexOf('[');
    int comma = list.indexOf(',');
    if (bracket < 0 || (comma >= 0 && comma < bracket)) {
      return comma < 0 ? list : list.substring(0, comma);
    }
    String inside = list.substring(bracket + 1);
    return list.substring(0, bracket) + inside.split("[-,\\]]", 2)[0];
  }

  /** Variables by name; what is wrong with one names it. */
  private record Variables(Map<String, String> values) {
    boolean has(String name) {
      return !values.getOrDefault(name, "").isBlank();
    }

    String text(String name) {
      if (!has(name)) {
        throw new ReplicaException(
            name + " is not set, which says with the others where the workers meet");
      }
      return values.getOrDefault(name, "").strip();
    }

    int number(String name) {
      String text = text(name);
      if (!text.matches("\\d{1,9}")) {
        throw new ReplicaException("%s must be a number, found '%s'".formatted(name, text));
      }
      return Integer.parseInt(text);
    }

    /**
     * @param local null where each machine has one process
     */
    Replica replica(String rank, int size, @Nullable String local) {
      try {
        return new Replica(number(rank), size, local == null ? 0 : number(local));
      } catch (IllegalArgumentException e) {
        throw new ReplicaException("%s: %s".formatted(rank, e.getMessage()), e);
      }
    }
  }
}
