"""A port is taken away, which must not depend on its server's owner. It is shut first, and nothing that fails after
that opens it again: no rollback is armed, and nothing is put back.
"""

from contextlib import suppress

from msgspec.structs import replace

from sopctl.adapters.switch import CommandRefused, DeviceAsks, NotSaved, Session, read
from sopctl.errors import SopctlError
from sopctl.model.ports.port import ActualPort, Plan
from sopctl.workflow.ports import left_over
from sopctl.workflow.ports.job import Differs, Job, PortResult, ended, see, stopped


def take_away(job: Job, session: Session, plan: Plan) -> PortResult:
    """Shut the port. What fails afterwards is told; it never opens the port again."""
    assert plan.before  # noqa: S101 (it was read)
    driver = job.held.driver
    left_over.mark(job, plan.before, None, 0)
    try:
        session.configure(driver.lines(plan.before, job.wanted))
        after = see(job, session)
        driver.save(session, after, overwrite=job.overwrite)
        job.under_way.clear()
        return PortResult("done", plan, after)
    except (CommandRefused, DeviceAsks, NotSaved, Differs) as error:
        failed: BaseException = error
        with suppress(SopctlError):
            now = _shut(job, session)
            if now:
                return ended("shut", plan, now, None, error)
    except (SopctlError, KeyboardInterrupt) as error:
        failed = error
    now = None
    with suppress(SopctlError), job.held.open() as anew:
        now = _shut(job, anew)
    result = ended("shut" if now else "unknown", plan, now, None, failed)
    if isinstance(failed, KeyboardInterrupt):
        raise stopped(result)
    return result


def _shut(job: Job, session: Session) -> ActualPort | None:
    """The port, once it is seen to be shut; it is told so once more if it is not. None: it is open, or gone.

    Raises DeviceFault.
    """
    driver = job.held.driver
    now = read(driver, session, addresses=False).ports.get(job.port)
    if now and now.setting.enabled:
        with suppress(CommandRefused):
            session.configure(driver.lines(now, replace(now.setting, enabled=False)))
        now = read(driver, session, addresses=False).ports.get(job.port)
    return now if now and not now.setting.enabled else None
